/** The addresses that answer requests, each with how it shares them. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useState } from 'react'

import type { Resource } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { CopyButton } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { TimeAgo } from '@/parts/format'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ResourceTable, type Column } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'

import { CreateEndpoint } from './CreateEndpoint'
import { ShareBar } from './ShareBar'

type Endpoint = Resource<'online_endpoint'>

const COLUMNS: Column<Endpoint>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => <PageLink to={['endpoints', one.name]}>{one.name}</PageLink>,
  },
  {
    id: 'state',
    title: 'State',
    width: '9rem',
    cell: (one) => <StateBadge state={one.provisioning_state} />,
  },
  {
    id: 'traffic',
    title: 'Traffic',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => <ShareBar shares={one.traffic ?? {}} />,
  },
  {
    id: 'address',
    title: 'Address',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => (
      <span className="row" style={{ flexWrap: 'nowrap' }}>
        <code className="ellipsis">{one.scoring_uri}</code>
        <CopyButton text={one.scoring_uri ?? ''} label={`Copy the address of ${one.name}`} bare />
      </span>
    ),
  },
  {
    id: 'created',
    title: 'Created',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function EndpointsPage() {
  const workspace = useWorkspace()
  const [view, setView] = useView({ q: '' })
  const [making, setMaking] = useState(false)
  const found = useInfiniteQuery(listOf(workspace, 'online_endpoint', { name_contains: view.q }))
  const { fetchNextPage } = found
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const create = (
    <button
      type="button"
      className="button primary"
      onClick={() => {
        setMaking(true)
      }}
    >
      New endpoint
    </button>
  )
  return (
    <>
      <div className="stack">
        <PageHeader
          title="Real-time endpoints"
          about="Stable addresses that answer requests, and the models behind them."
        >
          <CommandPanel
            cli="zaffre online-endpoint list"
            sdk={program(
              'for endpoint in ml.online_endpoints.list():\n    print(endpoint.name, endpoint.scoring_uri)',
            )}
          />
          {create}
        </PageHeader>
        <input
          className="input"
          type="search"
          aria-label="Search endpoints by name"
          placeholder="Search by name"
          value={view.q}
          onChange={(event) => {
            setView({ q: event.target.value })
          }}
        />
        {making && (
          <CreateEndpoint
            onClose={() => {
              setMaking(false)
            }}
          />
        )}
      </div>
      <ResourceTable
        name="endpoints"
        label="Real-time endpoints"
        columns={COLUMNS}
        rows={rowsOf(found.data)}
        id={(one) => one.name}
        loading={found.isLoading}
        error={found.error}
        retry={() => void found.refetch()}
        more={found.hasNextPage}
        onEnd={more}
        empty={
          <EmptyPage
            title={view.q ? `No endpoint has “${view.q}” in its name` : 'No endpoint yet'}
            about="An endpoint is an address with keys. Deployments put models behind it and share its requests, so that a new model can be tried on a few of them first."
            command="zaffre online-endpoint create --name churn"
            action={create}
          />
        }
      />
    </>
  )
}
