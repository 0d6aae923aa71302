/** One environment: how it is built, what is in it, its log. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { readText, send } from '@/api/client'
import { one, type Resource } from '@/api/kinds'
import { asProblem } from '@/api/problem'
import { oneOf } from '@/api/queries'
import { CodeBlock } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { bytes, duration, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { LogView } from '@/parts/LogView'
import { notify } from '@/parts/notices'
import { useView } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { StateBadge } from '@/parts/StateBadge'

type Environment = Resource<'environment'>

function Overview({ environment }: { environment: Environment }) {
  return (
    <>
      {environment.build_error && (
        <section className="card" role="alert">
          <header>
            <h2>The build failed</h2>
          </header>
          <div className="body">
            <pre className="answer">{environment.build_error}</pre>
          </div>
        </section>
      )}
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Made of', environment.made_of],
              ['Python', environment.python_version],
              ['Interpreter', environment.python_path && <code key="i">{environment.python_path}</code>],
              ['Size', environment.size_bytes > 0 && bytes(environment.size_bytes)],
              ['Built in', environment.build_seconds > 0 && duration(environment.build_seconds)],
              ['Hash', environment.hash && <code key="h">{environment.hash}</code>],
              ['Warnings', environment.warnings?.join(' ')],
              ['Gave way', environment.relaxed?.join(', ')],
              ['Used by', environment.used_by?.join(', ')],
              ['Made', <TimeAgo key="t" at={environment.creation_context.created_at} />],
              ['Tags', <Marks key="m" resource={environment} />],
            ]}
          />
        </div>
      </section>
    </>
  )
}

function Packages({ environment }: { environment: Environment }) {
  const [filter, setFilter] = useState('')
  const packages = environment.packages ?? []
  const shown = packages.filter((one) => one.toLowerCase().includes(filter.toLowerCase()))
  if (packages.length === 0)
    return (
      <div className="card">
        <EmptyPage
          title="Not built yet"
          about="What is installed, exactly, is known once it is built: press “Build”, or run a job in it."
        />
      </div>
    )
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label="Filter the packages"
        placeholder={`Filter ${packages.length} packages`}
        value={filter}
        onChange={(event) => {
          setFilter(event.target.value)
        }}
      />
      <CodeBlock text={shown.join('\n')} label="packages" />
    </>
  )
}

function Log({ environment }: { environment: Environment }) {
  const place = { name: environment.name, version: environment.version }
  const url = one(environment.workspace, 'environment', place, 'log')
  const log = useQuery({
    queryKey: [environment.workspace, 'environment', 'one', place.name, '', place.version, 'log'],
    queryFn: ({ signal }) => readText(url, signal),
    retry: false,
  })
  if (log.error) return <ProblemView error={log.error} />
  if (!log.data) return <p className="muted">Nothing was written by a build yet.</p>
  return <LogView text={log.data} href={url} fileName={`${environment.name}-build.log`} />
}

function Build({ environment }: { environment: Environment }) {
  const place = { name: environment.name, version: environment.version }
  const { version } = useView({ version: '' })[0]
  const [asked, setAsked] = useState(false)
  const ended = ['ready', 'failed'].includes(environment.build_state)
  // A build belongs to the machine, not to the resource: no change of the resource tells of its end.
  useQuery({
    ...oneOf(environment.workspace, 'environment', version ? place : { name: place.name }),
    refetchInterval: (asked && !ended) || environment.build_state === 'building' ? 1000 : false,
  })
  const build = async () => {
    try {
      await send('post', one(environment.workspace, 'environment', place, 'build'))
      setAsked(true)
      notify('It is being built.')
    } catch (error) {
      notify(asProblem(error).message, 'bad')
    }
  }
  return (
    <button
      type="button"
      className="button primary"
      disabled={environment.build_state === 'building' || environment.build_state === 'ready'}
      onClick={() => void build()}
    >
      Build
    </button>
  )
}

export default function EnvironmentPage() {
  return (
    <ResourcePage
      kind="environment"
      noun="environment"
      attribute="environments"
      versioned
      list={{ title: 'Environments', to: ['environments'] }}
      lost="This version goes; what was built of it stays while others of equal content use it."
      beside={(environment) => <StateBadge state={environment.build_state} />}
      actions={(environment) => <Build environment={environment} />}
      tabs={[
        { id: 'overview', title: 'Overview', show: (one) => <Overview environment={one} /> },
        { id: 'packages', title: 'Packages', show: (one) => <Packages environment={one} /> },
        { id: 'log', title: 'Build log', show: (one) => <Log environment={one} /> },
      ]}
    />
  )
}
