/** A page of one resource: its head with what can be done, the page's own tabs, and those that all have. */

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'

import { send } from '@/api/client'
import { one, type Kind, type PageOf, type Place, type Resource } from '@/api/kinds'
import { asProblem } from '@/api/problem'
import { belowOf, oneOf } from '@/api/queries'

import { CommandPanel, program, quoted } from './CommandPanel'
import { CodeBlock } from './Copy'
import { ConfirmDialog } from './Dialog'
import { TimeAgo } from './format'
import { Menu } from './Menu'
import { Neighbours } from './Neighbours'
import { notify } from './notices'
import { PageHeader, type Crumb } from './PageHeader'
import { PageLink, useGo, useParam, useView, useWorkspace } from './place'
import { ProblemView } from './ProblemView'
import { Tag } from './StateBadge'
import './table.css'
import { Tabs } from './Tabs'

export interface TabOf<R> {
  id: string
  title: string
  show: (resource: R) => ReactNode
}

interface Props<K extends Kind> {
  kind: K
  noun: string
  attribute: string
  /** The list that it is in. */
  list: Crumb
  tabs: TabOf<Resource<K>>[]
  /** What goes with it when it is deleted, and what stays. */
  lost: string
  versioned?: boolean
  lineage?: boolean
  beside?: (resource: Resource<K>) => ReactNode
  actions?: (resource: Resource<K>) => ReactNode
}

export function ResourcePage<K extends Kind>(props: Props<K>) {
  const { kind, versioned = false, lineage = versioned } = props
  const workspace = useWorkspace()
  const name = useParam('name')
  const [view, setView] = useView({ version: '', tab: props.tabs[0]?.id ?? 'raw' })
  const place: Place = versioned && view.version ? { name, version: String(view.version) } : { name }
  const found = useQuery(oneOf(workspace, kind, place))
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <p className="muted">Loading…</p>
  const resource = found.data
  const tabs: TabOf<Resource<K>>[] = [
    ...props.tabs,
    ...(versioned
      ? [{ id: 'versions', title: 'Versions', show: () => <Versions kind={kind} name={name} /> }]
      : []),
    ...(lineage
      ? [
          {
            id: 'lineage',
            title: 'Lineage',
            show: () => <Neighbours kind={kind} name={name} version={versioned ? resource.version : ''} />,
          },
        ]
      : []),
    {
      id: 'raw',
      title: 'JSON',
      show: () => <CodeBlock text={JSON.stringify(resource, null, 2)} label="JSON" />,
    },
  ]
  const open = tabs.find((tab) => tab.id === view.tab) ?? tabs[0]
  return (
    <div className="stack">
      <Head {...props} resource={resource} />
      {open && (
        <Tabs
          label={props.list.title}
          tabs={tabs}
          open={open.id}
          onOpen={(tab) => {
            setView({ tab })
          }}
        >
          {open.show(resource)}
        </Tabs>
      )}
    </div>
  )
}

function Head<K extends Kind>(props: Props<K> & { resource: Resource<K> }) {
  const { resource, noun, kind, versioned } = props
  const workspace = useWorkspace()
  const { name, version } = resource
  const which = versioned ? ` --version ${version}` : ''
  const place = versioned ? { name, version } : { name }
  return (
    <PageHeader
      title={name}
      beside={
        <>
          {versioned && <Tag title="Version">version {version}</Tag>}
          {resource.archived && <Tag>archived</Tag>}
          {props.beside?.(resource)}
        </>
      }
      about={resource.description ?? undefined}
      crumbs={[props.list]}
    >
      <CommandPanel
        cli={`zaffre ${noun} show -n ${quoted(name)}${which}`}
        sdk={program(`print(ml.${props.attribute}.get("${name}"${versioned ? `, "${version}"` : ''}))`)}
        rest={`GET ${one(workspace, kind, place)}`}
      />
      {props.actions?.(resource)}
      <More {...props} place={place} />
    </PageHeader>
  )
}

function More<K extends Kind>(props: Props<K> & { resource: Resource<K>; place: Place }) {
  const { resource, kind, place, versioned } = props
  const workspace = useWorkspace()
  const client = useQueryClient()
  const go = useGo()
  const [deleting, setDeleting] = useState(false)
  const verb = resource.archived ? 'restore' : 'archive'
  const file = () => {
    send('post', one(workspace, kind, place, verb)).then(
      () => {
        notify(resource.archived ? 'It is in the lists again.' : 'It is out of the lists; nothing is lost.')
        void client.invalidateQueries({ queryKey: [workspace, kind] })
      },
      (error: unknown) => {
        notify(asProblem(error).message, 'bad')
      },
    )
  }
  return (
    <>
      <Menu label="More">
        <button type="button" onClick={file}>
          {resource.archived ? 'Restore' : 'Archive'}
        </button>
        <button
          type="button"
          onClick={() => {
            setDeleting(true)
          }}
        >
          Delete…
        </button>
      </Menu>
      {deleting && (
        <ConfirmDialog
          title={`Delete ${resource.name}${versioned ? `, version ${resource.version}` : ''}?`}
          verb="Delete it"
          onClose={() => {
            setDeleting(false)
          }}
          act={async () => {
            await send('delete', one(workspace, kind, place))
            void client.invalidateQueries({ queryKey: [workspace, kind, 'list'] })
            go(props.list.to)
          }}
        >
          {props.lost}
        </ConfirmDialog>
      )}
    </>
  )
}

function Versions({ kind, name }: { kind: Kind; name: string }) {
  const workspace = useWorkspace()
  const found = useQuery(belowOf<PageOf<Resource>>(workspace, kind, { name }, 'versions'))
  const [view] = useView({ version: '' })
  if (found.error) return <ProblemView error={found.error} />
  const versions = found.data?.items ?? []
  return (
    <div className="card scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Made</th>
            <th scope="col">By</th>
            <th scope="col">Tags</th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((one) => (
            <tr key={one.version} aria-current={String(view.version) === one.version}>
              <td>
                <Own version={one.version} />
              </td>
              <td>
                <TimeAgo at={one.creation_context.created_at} />
              </td>
              <td>{one.creation_context.created_by}</td>
              <td>
                {Object.entries(one.tags)
                  .map(([key, value]) => `${key}=${value}`)
                  .join(', ')}
              </td>
              <td>{one.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Own({ version }: { version: string }) {
  const path = location.pathname.split('/').slice(3).map(decodeURIComponent)
  return (
    <PageLink to={path} search={{ version }}>
      {version}
    </PageLink>
  )
}

/** Tags and properties, where there are any. */
export function Marks({ resource }: { resource: Resource }) {
  const marks = [...Object.entries(resource.tags), ...Object.entries(resource.properties)]
  if (marks.length === 0) return <span className="muted">none</span>
  return (
    <span className="row">
      {marks.map(([name, value]) => (
        <Tag key={name}>{value ? `${name}=${value}` : name}</Tag>
      ))}
    </span>
  )
}
