/** What flows on a wire: which output it is, its files, and the first rows of one. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { api } from '@/api/client'
import type { Schemas } from '@/api/client'
import { problemOf } from '@/api/problem'
import { Bytes } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { textOf, type Drawing, type Wire } from './graph'
import type { Run } from './queries'

interface Props {
  workspace: string
  wire: Wire
  drawing: Drawing
  run: Run | undefined
}

export function Flow({ workspace, wire, drawing, run }: Props) {
  const source = drawing.boxes.find((box) => box.id === wire.source)
  const target = drawing.boxes.find((box) => box.id === wire.target)
  const port = source?.outputs.find((one) => one.name === wire.sourcePort)
  const step = source?.kind === 'step' ? run?.steps[source.name] : undefined
  const result = step?.results?.[wire.sourcePort]
  const value = step?.values?.[wire.sourcePort]
  return (
    <div className="stack">
      <h2>
        {source?.name} → {target?.name}
      </h2>
      <KeyValue
        facts={[
          ['What', wire.label ?? `${wire.sourcePort} → ${wire.targetPort}`],
          ['Type', port?.type],
          [
            'Value',
            value !== undefined ? textOf(value) : source?.kind === 'input' ? source.about : undefined,
          ],
          ['Job', step?.job && <PageLink to={['jobs', step.job]}>{step.job}</PageLink>],
        ]}
      />
      {result?.tree ? (
        <Files key={result.tree} workspace={workspace} result={result} />
      ) : (
        value === undefined &&
        source?.kind === 'step' &&
        !wire.label && (
          <p className="muted">
            {step ? 'Nothing has flowed here yet.' : 'Run the pipeline to see what flows here.'}
          </p>
        )
      )}
    </div>
  )
}

interface Manifest {
  files: [path: string, digest: string, size: number, mode: number][]
}

const MOST_FILES = 50
const PREVIEW = 16_384
const ROWS = 20

function Files({ workspace, result }: { workspace: string; result: Schemas['OutputResult'] }) {
  const tree = useQuery({
    queryKey: ['tree', workspace, result.tree],
    queryFn: async ({ signal }) =>
      (await api.get('/api/v1/workspaces/{workspace}/trees/{digest}', {
        path: { workspace, digest: result.tree ?? '' },
        signal,
      })) as unknown as Manifest,
    staleTime: Infinity,
  })
  const files = tree.data?.files ?? []
  const [picked, setPicked] = useState('')
  const shown = files.find(([path]) => path === picked) ?? (files.length === 1 ? files[0] : undefined)
  if (tree.error) return <ProblemView error={tree.error} />
  return (
    <>
      <ul>
        {files.slice(0, MOST_FILES).map(([path, , size]) => (
          <li key={path} className="row">
            <button
              type="button"
              className="button plain small ellipsis"
              aria-pressed={shown?.[0] === path}
              onClick={() => {
                setPicked(path)
              }}
            >
              {path}
            </button>
            <span className="muted small">
              <Bytes size={size} />
            </span>
          </li>
        ))}
      </ul>
      {files.length > MOST_FILES && <p className="muted">and {files.length - MOST_FILES} more</p>}
      {tree.data && files.length === 0 && <p className="muted">The folder is empty.</p>}
      {shown && <Preview key={shown[1]} workspace={workspace} digest={shown[1]} path={shown[0]} />}
    </>
  )
}

function Preview({ workspace, digest, path }: { workspace: string; digest: string; path: string }) {
  const text = useQuery({
    queryKey: ['blob', workspace, digest],
    queryFn: async ({ signal }) => {
      const url = `/api/v1/workspaces/${encodeURIComponent(workspace)}/blobs/${encodeURIComponent(digest)}`
      const answer = await fetch(url, { signal, headers: { Range: `bytes=0-${PREVIEW - 1}` } })
      if (!answer.ok) throw await problemOf(answer)
      return answer.text()
    },
    staleTime: Infinity,
    retry: false,
  })
  if (text.error) return <ProblemView error={text.error} />
  if (text.data === undefined) return null
  if (text.data.includes('\0') || text.data.includes('\ufffd'))
    return <p className="muted">{path} is no text.</p>
  const lines = text.data.split('\n').slice(0, ROWS + 1)
  return /\.(csv|tsv)$/.test(path) ? (
    <Table lines={lines} between={path.endsWith('.tsv') ? '\t' : ','} />
  ) : (
    <figure className="code-block" aria-label={`Beginning of ${path}`}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <pre tabIndex={0}>{lines.join('\n')}</pre>
    </figure>
  )
}

function Table({ lines, between }: { lines: string[]; between: string }) {
  const rows = lines.filter((line) => line !== '').map((line) => cells(line, between))
  const [head = [], ...body] = rows
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys
    <div className="preview" tabIndex={0} role="region" aria-label="First rows">
      <table className="plain-table">
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at}>{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Splits a line of a table; quoted cells may hold what stands between. */
export function cells(line: string, between: string): string[] {
  const pattern = between === '\t' ? /(?:^|\t)("(?:[^"]|"")*"|[^\t]*)/g : /(?:^|,)("(?:[^"]|"")*"|[^,]*)/g
  return [...line.trimEnd().matchAll(pattern)].map(([, cell = '']) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )
}
