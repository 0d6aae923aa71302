/** The command palette: pages at once, resources by name as the server finds them. */

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'

import { list, type Kind } from '@/api/kinds'
import { Icon, type IconName } from '@/parts/Icon'
import { pathTo, useWorkspace } from '@/parts/place'

import { PAGES } from './page'

interface Hit {
  id: string
  title: string
  about: string
  icon: IconName
  path: string
}

const FOUND: { kind: Kind; path: string; icon: IconName; title: string }[] = [
  { kind: 'job', path: 'jobs', icon: 'jobs', title: 'Job' },
  { kind: 'data', path: 'data', icon: 'data', title: 'Data' },
  { kind: 'model', path: 'models', icon: 'model', title: 'Model' },
  { kind: 'environment', path: 'environments', icon: 'environment', title: 'Environment' },
  { kind: 'component', path: 'components', icon: 'component', title: 'Component' },
  { kind: 'online_endpoint', path: 'endpoints', icon: 'endpoint', title: 'Endpoint' },
]

function pageHits(workspace: string, wanted: string): Hit[] {
  return PAGES.filter((page) => page.nav && page.title.toLowerCase().includes(wanted)).map((page) => ({
    id: `page-${page.path}`,
    title: page.title,
    about: 'Page',
    icon: page.nav?.icon ?? 'file',
    path: pathTo(workspace, ...page.path.split('/').filter(Boolean)),
  }))
}

async function resourceHits(workspace: string, wanted: string, signal: AbortSignal): Promise<Hit[]> {
  const there = FOUND.filter((one) => PAGES.some((page) => page.path === `${one.path}/$name`))
  const pages = await Promise.all(
    there.map((one) => list(workspace, one.kind, { name_contains: wanted, limit: 5 }, { signal })),
  )
  return pages.flatMap((page, index) => {
    const kind = there[index]
    if (!kind) return []
    return page.items.map((item) => {
      const shown = 'display_name' in item && item.display_name ? String(item.display_name) : item.name
      return {
        id: `${kind.kind}-${item.name}`,
        title: shown === item.name ? shown : `${shown} (${item.name})`,
        about: kind.title,
        icon: kind.icon,
        path: pathTo(workspace, kind.path, item.name),
      }
    })
  })
}

export function Palette({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace()
  const navigate = useNavigate()
  const element = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const wanted = text.trim().toLowerCase()
  const found = useQuery({
    queryKey: [workspace, 'found', wanted],
    queryFn: ({ signal }) => resourceHits(workspace, wanted, signal),
    enabled: wanted.length > 1,
    placeholderData: (before) => before,
  })
  useEffect(() => {
    element.current?.showModal()
  }, [])
  const hits = [...pageHits(workspace, wanted), ...(wanted.length > 1 ? (found.data ?? []) : [])]
  const chosen = Math.min(at, Math.max(hits.length - 1, 0))
  const open = (hit: Hit | undefined) => {
    if (!hit) return
    element.current?.close()
    void navigate({ to: hit.path })
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter') open(hits[chosen])
    else if (event.key === 'ArrowDown') setAt((chosen + 1) % Math.max(hits.length, 1))
    else if (event.key === 'ArrowUp') setAt((chosen + hits.length - 1) % Math.max(hits.length, 1))
    else return
    event.preventDefault()
  }
  return (
    <dialog className="palette" ref={element} onClose={onClose} aria-label="Find">
      <input
        type="text"
        role="combobox"
        aria-label="Find pages, jobs, data and models"
        aria-expanded="true"
        aria-controls="palette-hits"
        aria-activedescendant={hits[chosen] ? `hit-${hits[chosen].id}` : undefined}
        placeholder="Find pages, jobs, data, models…"
        value={text}
        onKeyDown={press}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
      />
      <ul id="palette-hits" role="listbox" aria-label="What was found">
        {hits.map((hit, index) => (
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the field above takes the keys
          <li
            key={hit.id}
            id={`hit-${hit.id}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => {
              open(hit)
            }}
          >
            <Icon name={hit.icon} />
            <span className="ellipsis">{hit.title}</span>
            <span className="muted small">{hit.about}</span>
          </li>
        ))}
        {hits.length === 0 && (
          <li className="muted">{found.isFetching ? 'Looking…' : 'Nothing has this name.'}</li>
        )}
      </ul>
    </dialog>
  )
}
