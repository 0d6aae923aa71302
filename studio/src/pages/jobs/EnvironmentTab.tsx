/** The environment that the job ran in, with everything that was installed. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { stringify } from 'yaml'

import { oneOf } from '@/api/queries'
import { CodeBlock, CopyButton } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { duration } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge } from '@/parts/StateBadge'

import { assetOf, type Job } from './job'

interface Environment {
  name: string
  version: string
  build_state?: string
  python_version?: string
  python_path?: string
  hash?: string
  packages?: string[]
  warnings?: string[]
  build_seconds?: number
  build_error?: string
  log_tail?: string
}

export function EnvironmentTab({ job }: { job: Job }) {
  const asset = assetOf(job.environment_id)
  if (asset) return <Shown name={asset.name} version={asset.version} />
  return (
    <section className="card">
      {job.environment === undefined ? (
        <EmptyPage
          title="No environment of its own"
          about={
            job.type === 'run'
              ? 'A program outside logged this run.'
              : 'Its parts have their own: see Children.'
          }
        />
      ) : (
        <div className="body">
          <CodeBlock
            text={typeof job.environment === 'string' ? job.environment : stringify(job.environment)}
            label="environment"
          />
        </div>
      )}
    </section>
  )
}

function Shown({ name, version }: { name: string; version: string }) {
  const workspace = useWorkspace()
  const found = useQuery(oneOf(workspace, 'environment', { name, version }))
  if (found.error) return <ProblemView error={found.error} />
  if (!found.data) return <p className="muted">Loading…</p>
  const environment = found.data as unknown as Environment
  return (
    <>
      <section className="card">
        <header>
          <h2>
            <PageLink to={['environments', name]} search={{ version }}>
              {name}:{version.slice(0, 12)}
            </PageLink>
          </h2>
          <StateBadge state={environment.build_state} />
        </header>
        <div className="body">
          <KeyValue
            facts={[
              ['Python', environment.python_version],
              ['Interpreter', environment.python_path && <code>{environment.python_path}</code>],
              ['Hash', environment.hash && <code>{environment.hash}</code>],
              ['Built in', environment.build_seconds ? duration(environment.build_seconds) : undefined],
              ['Warnings', environment.warnings?.join(' ')],
              ['Problem', environment.build_error],
            ]}
          />
        </div>
      </section>
      <Packages packages={environment.packages ?? []} />
    </>
  )
}

function Packages({ packages }: { packages: string[] }) {
  const [wanted, setWanted] = useState('')
  const shown = packages.filter((one) => one.toLowerCase().includes(wanted.toLowerCase()))
  return (
    <section className="card">
      <header>
        <h2>
          Packages <span className="muted">{packages.length}</span>
        </h2>
        <span className="row">
          <input
            className="input"
            style={{ width: '12rem' }}
            type="search"
            aria-label="Find packages"
            placeholder="Find packages"
            value={wanted}
            onChange={(event) => {
              setWanted(event.target.value)
            }}
          />
          <CopyButton text={packages.join('\n')} label="Copy all" />
        </span>
      </header>
      <ul className="body packages mono">
        {shown.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </section>
  )
}
