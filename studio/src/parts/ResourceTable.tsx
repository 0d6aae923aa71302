/**
 * A table of resources: only the rows in view are drawn, more are read at the end, columns are chosen and
 * remembered, rows are links, arrows move between them. Sorting and filtering are the server's.
 */

import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'

import { Icon } from './Icon'
import { Menu } from './Menu'
import { remember, remembered } from './place'
import { ProblemView } from './ProblemView'
import './table.css'

export interface Column<T> {
  id: string
  title: string
  cell: (row: T) => ReactNode
  /** A track of CSS grid: `12rem`, `minmax(10rem, 2fr)`. */
  width?: string
  /** What the server sorts by; no header can be clicked without it. */
  sort?: string
  /** Only shown when chosen. */
  optional?: boolean
  /** Shown whatever is chosen, since the rows are sorted by it. */
  pinned?: boolean
  align?: 'end'
}

export interface Sort {
  by: string
  descending: boolean
}

interface Props<T> {
  /** What columns are remembered under. */
  name: string
  label: string
  columns: Column<T>[]
  rows: T[]
  id: (row: T) => string
  loading?: boolean
  error?: unknown
  retry?: () => void
  empty: ReactNode
  /** Called when the end comes into view. */
  onEnd?: () => void
  more?: boolean
  sort?: Sort
  onSort?: (sort: Sort) => void
  selected?: ReadonlySet<string>
  onSelect?: (ids: ReadonlySet<string>) => void
}

const ROW = 36

export function useColumns<T>(name: string, columns: Column<T>[]) {
  const standard = columns.filter((column) => !column.optional).map((column) => column.id)
  const [chosen, setChosen] = useState<string[]>(() => {
    const text = remembered(`columns.${name}`)
    return text ? (JSON.parse(text) as string[]) : standard
  })
  const choose = (ids: string[]) => {
    setChosen(ids)
    remember(`columns.${name}`, JSON.stringify(ids))
  }
  const shown = columns.filter((column, index) => index === 0 || column.pinned || chosen.includes(column.id))
  return { shown, chosen, choose }
}

export function ResourceTable<T>(props: Props<T>) {
  const { columns, rows, id, selected, onSelect, onEnd, more } = props
  const { shown, chosen, choose } = useColumns(props.name, columns)
  const viewport = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const lastSeen = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && onEnd && lastSeen >= rows.length - 20) onEnd()
  }, [more, onEnd, lastSeen, rows.length])
  if (props.error !== undefined && props.error !== null && rows.length === 0)
    return <ProblemView error={props.error} retry={props.retry} />
  if (!props.loading && rows.length === 0) return <div className="card">{props.empty}</div>
  const tracks = [
    onSelect ? '2.25rem' : '',
    ...shown.map((one) => one.width ?? 'minmax(7rem, 1fr)'),
    '2.25rem',
  ]
  return (
    <div className="card table" style={{ '--tracks': tracks.join(' ') } as React.CSSProperties}>
      <div
        className="table-view"
        ref={viewport}
        role="table"
        aria-label={props.label}
        aria-rowcount={more ? -1 : rows.length + 1}
        aria-busy={props.loading}
        tabIndex={-1}
      >
        <div className="table-row head" role="row">
          {onSelect && (
            <span role="columnheader">
              <input
                type="checkbox"
                aria-label="Select all that are loaded"
                checked={rows.length > 0 && rows.every((row) => selected?.has(id(row)))}
                onChange={(event) => {
                  onSelect(new Set(event.target.checked ? rows.map(id) : []))
                }}
              />
            </span>
          )}
          {shown.map((column) => (
            <HeaderCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
          ))}
          <span role="columnheader" className="chooser">
            <ColumnMenu columns={columns} chosen={chosen} choose={choose} />
          </span>
        </div>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrows move between the links inside */}
        <div
          className="table-rows"
          role="rowgroup"
          style={{ height: virtual.getTotalSize() }}
          onKeyDown={moveFocus}
        >
          {items.map((item) => {
            const row = rows[item.index] as T
            const rowId = id(row)
            return (
              <div
                key={rowId}
                role="row"
                aria-rowindex={item.index + 2}
                className="table-row"
                data-selected={selected?.has(rowId)}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {onSelect && (
                  <span role="cell">
                    <input
                      type="checkbox"
                      aria-label={`Select ${rowId}`}
                      checked={selected?.has(rowId) ?? false}
                      onChange={(event) => {
                        const after = new Set(selected)
                        if (event.target.checked) after.add(rowId)
                        else after.delete(rowId)
                        onSelect(after)
                      }}
                    />
                  </span>
                )}
                {shown.map((column) => (
                  <span key={column.id} role="cell" className="ellipsis" data-align={column.align}>
                    {column.cell(row)}
                  </span>
                ))}
                <span role="cell" />
              </div>
            )
          })}
        </div>
        {props.loading && rows.length === 0 && <Skeletons />}
      </div>
    </div>
  )
}

function HeaderCell<T>({
  column,
  sort,
  onSort,
}: {
  column: Column<T>
  sort?: Sort
  onSort?: (sort: Sort) => void
}) {
  const by = column.sort
  if (!by || !onSort)
    return (
      <span role="columnheader" data-align={column.align} className="ellipsis">
        {column.title}
      </span>
    )
  const active = sort?.by === by
  const direction = active ? (sort.descending ? 'descending' : 'ascending') : 'none'
  return (
    <span role="columnheader" aria-sort={direction} data-align={column.align}>
      <button
        type="button"
        onClick={() => {
          onSort({ by, descending: active ? !sort.descending : true })
        }}
      >
        {column.title}
        <span aria-hidden="true">{active ? (sort.descending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </span>
  )
}

interface ColumnMenuProps<T> {
  columns: Column<T>[]
  chosen: string[]
  choose: (ids: string[]) => void
}

function ColumnMenu<T>({ columns, chosen, choose }: ColumnMenuProps<T>) {
  return (
    <Menu label="Choose columns" icon="columns" bare stays>
      {columns.slice(1).map((column) => (
        <label key={column.id}>
          <input
            type="checkbox"
            checked={chosen.includes(column.id)}
            onChange={(event) => {
              const others = chosen.filter((one) => one !== column.id)
              choose(event.target.checked ? [...others, column.id] : others)
            }}
          />
          {column.title}
        </label>
      ))}
    </Menu>
  )
}

/** Arrow keys move between the rows' links. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const row = (event.target as HTMLElement).closest('[role="row"]')
  if (!row || (event.target as HTMLElement).tagName === 'INPUT') return
  const index = Number(row.getAttribute('aria-rowindex')) + (event.key === 'ArrowDown' ? 1 : -1)
  const next = event.currentTarget.querySelector<HTMLElement>(`[aria-rowindex="${index}"] a`)
  if (!next) return
  event.preventDefault()
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
}

function Skeletons() {
  return (
    <div aria-hidden="true">
      {[70, 55, 80, 60, 75, 50].map((width) => (
        <div key={width} className="table-skeleton">
          <div className="skeleton pulse" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  )
}

/** A line that says how many there are, under a table that is not all there. */
export function Count({ shown, more, of }: { shown: number; more?: boolean; of: string }) {
  return (
    <p className="muted small">
      {shown.toLocaleString('en')}
      {more ? '+' : ''} {of}
      {more && (
        <>
          {' '}
          <Icon name="down" size={10} /> scroll for more
        </>
      )}
    </p>
  )
}
