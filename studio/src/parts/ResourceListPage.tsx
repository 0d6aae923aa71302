/** A page that lists the resources of a kind: searched by name, read on at its end, never blank. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, type ReactNode } from 'react'

import type { Query } from '@/api/client'
import type { Kind, Resource } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'

import { CommandPanel, program } from './CommandPanel'
import { EmptyPage } from './EmptyPage'
import { PageHeader } from './PageHeader'
import { useView, useWorkspace } from './place'
import { ResourceTable, type Column } from './ResourceTable'

interface Props<K extends Kind> {
  kind: K
  title: string
  about: string
  /** The command line's noun, and the client's attribute. */
  noun: string
  attribute: string
  columns: Column<Resource<K>>[]
  empty: { title: string; about: string; command: string }
  /** What else the list is narrowed by. */
  query?: Query
  /** Buttons, and dialogs that they open. */
  children?: ReactNode
  /** Fields beside the search. */
  filters?: ReactNode
}

export function ResourceListPage<K extends Kind>(props: Props<K>) {
  const { kind, title, noun, attribute, empty } = props
  const workspace = useWorkspace()
  const [view, setView] = useView<{ q: string; archived: boolean }>({ q: '', archived: false })
  const found = useInfiniteQuery(
    listOf(workspace, kind, {
      name_contains: view.q,
      ...(view.archived ? { archived: true } : {}),
      ...props.query,
    }),
  )
  const { fetchNextPage } = found
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const narrowed = view.q !== '' || view.archived
  return (
    <>
      <div className="stack">
        <PageHeader title={title} about={props.about}>
          <CommandPanel
            cli={`zaffre ${noun} list`}
            sdk={program(`for one in ml.${attribute}.list():\n    print(one.name)`)}
            rest={`GET /api/v1/workspaces/${workspace}/${noun.endsWith('s') || noun === 'data' ? noun : `${noun}s`}`}
          />
          {props.children}
        </PageHeader>
        <div className="row">
          <input
            className="input grow"
            type="search"
            aria-label={`Search ${title.toLowerCase()} by name`}
            placeholder="Search by name"
            value={view.q}
            onChange={(event) => {
              setView({ q: event.target.value })
            }}
          />
          {props.filters}
          <label className="row small">
            <input
              type="checkbox"
              checked={view.archived}
              onChange={(event) => {
                setView({ archived: event.target.checked })
              }}
            />
            archived
          </label>
        </div>
      </div>
      <ResourceTable
        name={kind}
        label={title}
        columns={props.columns}
        rows={rowsOf(found.data)}
        id={(one) => one.id}
        loading={found.isLoading}
        error={found.error}
        retry={() => void found.refetch()}
        more={found.hasNextPage}
        onEnd={more}
        empty={
          narrowed ? (
            <EmptyPage title="Nothing is called so" about="Search for other letters, or for none." />
          ) : (
            <EmptyPage {...empty} />
          )
        }
      />
    </>
  )
}
