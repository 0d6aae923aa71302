/** Files of a tree or a run: listed by folder, shown where they can be, downloaded. */

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

import { address, readText, send } from '@/api/client'

import { Bytes } from './format'
import './files.css'
import { Icon } from './Icon'
import { useWorkspace } from './place'
import { ProblemView } from './ProblemView'

export interface StoredFile {
  path: string
  digest: string
  size?: number
}

const SHOWN_BYTES = 1_000_000
const IMAGES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
}

/** Gives the address of stored content. */
export function blobPath(workspace: string, digest: string): string {
  return address('/api/v1/workspaces/{workspace}/blobs/{digest}', { workspace, digest })
}

/** Reads the files of a tree by its digest. */
export function useTree(digest: string | undefined) {
  const workspace = useWorkspace()
  return useQuery({
    queryKey: ['tree', workspace, digest],
    queryFn: async ({ signal }) => {
      const url = address('/api/v1/workspaces/{workspace}/trees/{digest}', {
        workspace,
        digest: digest ?? '',
      })
      const found = (await send('get', url, { signal })) as { files: [string, string, number, number][] }
      return found.files.map(([path, sha, size]): StoredFile => ({ path, digest: sha, size }))
    },
    enabled: digest !== undefined,
    staleTime: Infinity,
  })
}

/** Shows the files of a tree. */
export function TreeFiles({ digest }: { digest: string }) {
  const tree = useTree(digest)
  if (tree.error) return <ProblemView error={tree.error} />
  if (!tree.data) return <p className="muted">Loading…</p>
  return <Files files={tree.data} />
}

export function Files({ files }: { files: StoredFile[] }) {
  const [chosen, setChosen] = useState<string | undefined>(files.length === 1 ? files[0]?.path : undefined)
  const sorted = useMemo(() => [...files].sort((a, b) => a.path.localeCompare(b.path)), [files])
  const file = sorted.find((one) => one.path === chosen)
  if (files.length === 0) return <p className="muted">No file.</p>
  return (
    <div className="files">
      <ul className="files-list" aria-label="Files">
        {sorted.map((one) => (
          <li key={one.path}>
            <button
              type="button"
              aria-pressed={one.path === chosen}
              onClick={() => {
                setChosen(one.path)
              }}
            >
              <Icon name="file" size={14} />
              <span className="ellipsis" title={one.path}>
                {one.path}
              </span>
              <span className="muted small">
                <Bytes size={one.size} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <div className="files-shown">
        {file ? (
          <Preview key={file.digest + file.path} file={file} />
        ) : (
          <p className="muted">Choose a file to see it.</p>
        )}
      </div>
    </div>
  )
}

function Preview({ file }: { file: StoredFile }) {
  const workspace = useWorkspace()
  const href = blobPath(workspace, file.digest)
  const name = file.path.split('/').at(-1) ?? file.path
  const media = IMAGES[name.split('.').at(-1)?.toLowerCase() ?? '']
  return (
    <>
      <div className="row">
        <span className="mono grow ellipsis">{file.path}</span>
        <a className="button small" href={href} download={name}>
          <Icon name="download" size={14} />
          Download
        </a>
      </div>
      {media ? <Picture href={href} media={media} name={name} /> : <Text href={href} size={file.size ?? 0} />}
    </>
  )
}

function Picture({ href, media, name }: { href: string; media: string; name: string }) {
  const picture = useQuery({
    queryKey: ['picture', href],
    queryFn: async ({ signal }) => {
      const content = await (await fetch(href, { signal })).arrayBuffer()
      return URL.createObjectURL(new Blob([content], { type: media }))
    },
    staleTime: Infinity,
    gcTime: Infinity,
  })
  if (picture.error) return <ProblemView error={picture.error} />
  return picture.data ? (
    <img src={picture.data} alt={name} className="files-picture" />
  ) : (
    <p className="muted">Loading…</p>
  )
}

function Text({ href, size }: { href: string; size: number }) {
  const large = size > SHOWN_BYTES
  const text = useQuery({
    queryKey: ['text', href],
    queryFn: ({ signal }) => readText(href, signal),
    enabled: !large,
    staleTime: Infinity,
  })
  if (large) return <p className="muted">Too large to be shown here: download it.</p>
  if (text.error) return <ProblemView error={text.error} />
  if (text.data === undefined) return <p className="muted">Loading…</p>
  if (text.data.includes('\u0000')) return <p className="muted">No text: download it.</p>
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys
    <pre className="files-text" tabIndex={0}>
      {text.data || '(empty)'}
    </pre>
  )
}
