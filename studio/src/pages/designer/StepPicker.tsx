/** What can be put on the canvas: components and data of the workspace, and plain building blocks. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type DragEvent } from 'react'

import type { Kind } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { Icon, type IconName } from '@/parts/Icon'
import { PageLink } from '@/parts/place'

export type Choice =
  | { what: 'component'; name: string; version: string }
  | { what: 'data'; name: string; version: string; type: string }
  | { what: 'command' }
  | { what: 'value' }
  | { what: 'output' }

const DRAGGED = 'application/x-zaffre-choice'
const BLOCKS: { choice: Choice; title: string; about: string; icon: IconName }[] = [
  { choice: { what: 'command' }, title: 'Command', about: 'A step written in place', icon: 'code' },
  { choice: { what: 'value' }, title: 'Input', about: 'A value that steps share', icon: 'right' },
  { choice: { what: 'output' }, title: 'Output', about: 'What the pipeline gives', icon: 'out' },
]

export function choiceOf(event: DragEvent): Choice | undefined {
  const text = event.dataTransfer.getData(DRAGGED)
  return text ? (JSON.parse(text) as Choice) : undefined
}

interface Props {
  workspace: string
  disabled: boolean
  onPick: (choice: Choice) => void
}

export function StepPicker({ workspace, disabled, onPick }: Props) {
  const [q, setQ] = useState('')
  const item = (choice: Choice, title: string, about: string, icon: IconName) => (
    <li key={title}>
      <button
        type="button"
        draggable={!disabled}
        disabled={disabled}
        title={`Add ${title}`}
        onClick={() => {
          onPick(choice)
        }}
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAGGED, JSON.stringify(choice))
          event.dataTransfer.effectAllowed = 'copy'
        }}
      >
        <Icon name={icon} />
        <span className="ellipsis">{title}</span>
        <span className="ellipsis small muted">{about}</span>
      </button>
    </li>
  )
  const blocks = BLOCKS.filter((block) => block.title.toLowerCase().includes(q.toLowerCase()))
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label="Search components and data"
        placeholder="Search"
        value={q}
        onChange={(event) => {
          setQ(event.target.value)
        }}
      />
      <Assets kind="component" title="Components" workspace={workspace} q={q}>
        {(one) =>
          item(
            { what: 'component', name: one.name, version: one.version },
            one.name,
            `${one.type}, version ${one.version}`,
            'component',
          )
        }
      </Assets>
      <Assets kind="data" title="Data" workspace={workspace} q={q}>
        {(one) =>
          item(
            { what: 'data', name: one.name, version: one.version, type: one.type },
            one.name,
            `${one.type}, version ${one.version}`,
            'data',
          )
        }
      </Assets>
      {blocks.length > 0 && (
        <section>
          <h2>Building blocks</h2>
          <ul className="pick">
            {blocks.map((block) => item(block.choice, block.title, block.about, block.icon))}
          </ul>
        </section>
      )}
    </>
  )
}

interface Asset {
  name: string
  version: string
  type: string
}

interface AssetsProps {
  kind: Kind & ('component' | 'data')
  title: string
  workspace: string
  q: string
  children: (asset: Asset) => React.ReactNode
}

function Assets({ kind, title, workspace, q, children }: AssetsProps) {
  const found = useInfiniteQuery(listOf(workspace, kind, { name_contains: q }))
  const rows = rowsOf<Asset>(found.data as never)
  return (
    <section>
      <h2>{title}</h2>
      {rows.length === 0 && !found.isLoading && (
        <p className="small muted">
          {q ? 'None is called so.' : 'None yet. '}
          {!q && <PageLink to={[kind === 'data' ? 'data' : 'components']}>How to make one</PageLink>}
        </p>
      )}
      <ul className="pick">{rows.map((row) => children(row))}</ul>
      {found.hasNextPage && (
        <button type="button" className="button small plain" onClick={() => void found.fetchNextPage()}>
          More
        </button>
      )}
    </section>
  )
}
