/** A log: lines in view only, searched, followed while it grows, kept as text whatever it holds. */

import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'

import { Icon } from './Icon'
import './log.css'

interface Props {
  text: string
  live?: boolean
  /** Where the whole log can be had. */
  href?: string
  fileName?: string
}

const LINE = 20
// Terminals' colours and movements: shown as nothing.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007]*\u0007/g

/** Splits a log into lines as a terminal shows them: of a line rewritten by `\r`, the last form. */
export function linesOf(text: string): string[] {
  const lines = text.replace(ESCAPES, '').split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.includes('\r') ? line.slice(line.lastIndexOf('\r') + 1) : line))
}

export function LogView({ text, live, href, fileName }: Props) {
  const [search, setSearch] = useState('')
  const [only, setOnly] = useState(false)
  const [followed, setFollowed] = useState(true)
  const [at, setAt] = useState(0)
  const viewport = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => linesOf(text), [text])
  const wanted = search.toLowerCase()
  const hits = useMemo(
    () =>
      wanted ? lines.flatMap((line, index) => (line.toLowerCase().includes(wanted) ? [index] : [])) : [],
    [lines, wanted],
  )
  const shown = only && wanted ? hits : undefined
  const count = shown ? shown.length : lines.length
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => viewport.current,
    estimateSize: () => LINE,
    overscan: 30,
  })
  useEffect(() => {
    if (live && followed && !wanted) virtual.scrollToIndex(count - 1, { align: 'end' })
  }, [live, followed, wanted, count, virtual])
  const jump = (step: number) => {
    if (hits.length === 0) return
    const next = (at + step + hits.length) % hits.length
    setAt(next)
    virtual.scrollToIndex(shown ? next : (hits[next] ?? 0), { align: 'center' })
  }
  return (
    <section className="card log" aria-label="Log">
      <header>
        <form
          className="row grow"
          role="search"
          onSubmit={(event) => {
            event.preventDefault()
            jump(1)
          }}
        >
          <input
            className="input log-search"
            type="search"
            aria-label="Search the log"
            placeholder="Search the log"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value)
              setAt(-1)
            }}
          />
          {wanted && (
            <>
              <span className="muted small number" role="status">
                {hits.length === 0 ? 'nothing' : `${Math.max(at, 0) + 1} of ${hits.length}`}
              </span>
              <label className="row small">
                <input
                  type="checkbox"
                  checked={only}
                  onChange={(event) => {
                    setOnly(event.target.checked)
                  }}
                />
                only these
              </label>
            </>
          )}
        </form>
        {live && (
          <label className="row small">
            <input
              type="checkbox"
              checked={followed}
              onChange={(event) => {
                setFollowed(event.target.checked)
              }}
            />
            follow
          </label>
        )}
        {href && (
          <a className="button small" href={href} download={fileName}>
            <Icon name="download" size={14} />
            Download
          </a>
        )}
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <div className="log-view" ref={viewport} tabIndex={0} role="log" aria-label="Lines" aria-live="off">
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const index = shown ? (shown[item.index] ?? 0) : item.index
            return (
              <div key={item.key} className="log-line" style={{ transform: `translateY(${item.start}px)` }}>
                <span className="log-number">{index + 1}</span>
                <Marked line={lines[index] ?? ''} wanted={wanted} />
              </div>
            )
          })}
        </div>
        {count === 0 && (
          <p className="muted log-empty">{live ? 'Nothing was written yet.' : 'The log is empty.'}</p>
        )}
      </div>
    </section>
  )
}

function Marked({ line, wanted }: { line: string; wanted: string }) {
  const at = wanted ? line.toLowerCase().indexOf(wanted) : -1
  if (at < 0) return <span>{line}</span>
  return (
    <span>
      {line.slice(0, at)}
      <mark>{line.slice(at, at + wanted.length)}</mark>
      {line.slice(at + wanted.length)}
    </span>
  )
}
