/** The first rows of a table, filtered and sorted here, and what its columns hold. */

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

import { readText } from '@/api/client'
import { EmptyPage } from '@/parts/EmptyPage'
import { blobPath, useTree, type StoredFile } from '@/parts/Files'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import './data.css'
import { headOf, profilesOf, type Head, type Profile } from './table'

const READ = 4_000_000
const TABLES = /\.(csv|tsv|txt|data)$/i

export function Explore({ tree }: { tree: string | null | undefined }) {
  const found = useTree(tree ?? undefined)
  const tables = (found.data ?? []).filter((file) => TABLES.test(file.path) && (file.size ?? 0) <= READ)
  const [chosen, setChosen] = useState<string>()
  const file = tables.find((one) => one.path === chosen) ?? tables[0]
  if (!tree) return <Elsewhere />
  if (found.error) return <ProblemView error={found.error} />
  if (!found.data) return <p className="muted">Loading…</p>
  if (!file)
    return (
      <div className="card">
        <EmptyPage
          title="No table to show here"
          about="Rows and profiles are shown of CSV and TSV files up to 4 MB. The other files are under Files, and can be downloaded."
        />
      </div>
    )
  return (
    <>
      {tables.length > 1 && (
        <select
          className="input"
          aria-label="File"
          value={file.path}
          onChange={(event) => {
            setChosen(event.target.value)
          }}
        >
          {tables.map((one) => (
            <option key={one.path}>{one.path}</option>
          ))}
        </select>
      )}
      <TableOf key={file.digest} file={file} />
    </>
  )
}

function Elsewhere() {
  return (
    <div className="card">
      <EmptyPage
        title="The content is not kept here"
        about="This asset names a place elsewhere: jobs read it from there."
      />
    </div>
  )
}

function TableOf({ file }: { file: StoredFile }) {
  const workspace = useWorkspace()
  const href = blobPath(workspace, file.digest)
  const text = useQuery({
    queryKey: ['text', href],
    queryFn: ({ signal }) => readText(href, signal),
    staleTime: Infinity,
  })
  const head = useMemo(() => (text.data === undefined ? undefined : headOf(text.data, true)), [text.data])
  if (text.error) return <ProblemView error={text.error} />
  if (!head) return <p className="muted">Loading…</p>
  return (
    <>
      <Profiles profiles={profilesOf(head)} rows={head.rows.length} />
      <Rows head={head} />
    </>
  )
}

function Profiles({ profiles, rows }: { profiles: Profile[]; rows: number }) {
  return (
    <section className="card" aria-label="Columns">
      <header>
        <h2>Columns</h2>
        <span className="muted small">of the first {rows} rows</span>
      </header>
      <div className="body profiles">
        {profiles.map((profile) => (
          <div key={profile.name} className="profile">
            <strong className="ellipsis" title={profile.name}>
              {profile.name}
            </strong>
            <span className="muted small">
              {profile.type}, {profile.distinct} distinct
              {profile.missing > 0 && `, ${profile.missing} missing`}
            </span>
            <Bars profile={profile} />
            <span className="muted small number">
              {profile.least !== undefined
                ? `${profile.least} to ${profile.most ?? ''}`
                : (profile.bars[0]?.label ?? '')}
            </span>
          </div>
        ))}
      </div>
    </section>
  )
}

function Bars({ profile }: { profile: Profile }) {
  const most = Math.max(1, ...profile.bars.map((bar) => bar.count))
  const said = profile.bars.map((bar) => `${bar.label}: ${bar.count}`).join(', ')
  return (
    <div className="bars" role="img" aria-label={`${profile.name}: ${said}`} title={said}>
      {profile.bars.map((bar, index) => (
        <span key={index} style={{ height: `${Math.max(4, (bar.count / most) * 100)}%` }} />
      ))}
    </div>
  )
}

function Rows({ head }: { head: Head }) {
  const [filter, setFilter] = useState('')
  const [sort, setSort] = useState<{ at: number; down: boolean }>()
  const rows = useMemo(() => shownOf(head, filter, sort), [head, filter, sort])
  return (
    <section className="card" aria-label="Rows">
      <header>
        <h2>Rows</h2>
        <input
          className="input"
          style={{ maxWidth: '16rem' }}
          type="search"
          aria-label="Filter the rows"
          placeholder="Filter"
          value={filter}
          onChange={(event) => {
            setFilter(event.target.value)
          }}
        />
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <div className="rows-view" tabIndex={0} role="region" aria-label="First rows">
        <table className="plain-table">
          <thead>
            <tr>
              {head.columns.map((column, at) => (
                <th
                  key={column}
                  scope="col"
                  aria-sort={sort?.at === at ? (sort.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    className="button plain small"
                    onClick={() => {
                      setSort({ at, down: sort?.at === at ? !sort.down : false })
                    }}
                  >
                    {column}
                    <span aria-hidden="true">{sort?.at === at ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 200).map((row, index) => (
              <tr key={index}>
                {head.columns.map((column, at) => (
                  <td key={column} className="number">
                    {row[at]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p className="body muted">No row has that in it.</p>}
      </div>
    </section>
  )
}

function shownOf(head: Head, filter: string, sort?: { at: number; down: boolean }): string[][] {
  const wanted = filter.trim().toLowerCase()
  const rows = wanted
    ? head.rows.filter((row) => row.some((cell) => cell.toLowerCase().includes(wanted)))
    : head.rows
  if (!sort) return rows
  const order = (a: string[], b: string[]) => compared(a[sort.at] ?? '', b[sort.at] ?? '')
  return [...rows].sort(sort.down ? (a, b) => order(b, a) : order)
}

function compared(a: string, b: string): number {
  const difference = Number(a) - Number(b)
  return Number.isFinite(difference) && a !== '' && b !== '' ? difference : a.localeCompare(b)
}
