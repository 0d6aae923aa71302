/** The designer: a pipeline as boxes and wires, as YAML and as Python; each in step with the others. */

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { PageHeader } from '@/parts/PageHeader'
import { useGo, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { Designing } from './Designing'
import type { Layout } from './layout'
import { draftOf, EMPTY, jobText, keepDraft, textWith } from './source'

import './designer.css'

export interface Opened {
  text: string
  layout?: Layout
}

export default function DesignerPage() {
  const workspace = useWorkspace()
  const go = useGo()
  const client = useQueryClient()
  const [view] = useView({ job: '', component: '', version: '' })
  const key = view.job
    ? `job:${view.job}`
    : view.component
      ? `component:${view.component}:${view.version}`
      : ''
  const opened = useQuery({
    queryKey: ['designer', workspace, key],
    queryFn: (): Opened | Promise<Opened> => textOf(workspace, key, view),
    staleTime: Infinity,
    retry: false,
  })
  // A design that was submitted goes on as the design of its job: the same session, with its history.
  const [going, setGoing] = useState({ key: '', session: 0 })
  const session = going.key === key ? String(going.session) : key
  const show = (nextKey: string, text: Opened, anew: boolean) => {
    keepDraft(`${workspace}:${nextKey}`, text.text)
    client.setQueryData(['designer', workspace, nextKey], text)
    setGoing({ key: nextKey, session: anew || going.key !== key ? going.session + 1 : going.session })
    go(['designer'], nextKey ? { job: nextKey.slice(4) } : {})
  }
  if (opened.isPending || opened.isError)
    return (
      <>
        <PageHeader title="Designer" about={view.job || undefined} />
        <div>
          {opened.isError ? (
            <ProblemView error={opened.error} retry={() => void opened.refetch()} />
          ) : (
            <p className="muted">Reading the pipeline…</p>
          )}
        </div>
      </>
    )
  return (
    <Designing
      key={session}
      workspace={workspace}
      draft={`${workspace}:${key}`}
      job={view.job}
      opened={opened.data}
      onOpen={(text) => {
        show('', text, true)
      }}
      onSubmitted={(job, text) => {
        show(`job:${job}`, { text }, false)
      }}
    />
  )
}

function textOf(workspace: string, key: string, view: { job: string; component: string; version: string }) {
  const kept = draftOf(`${workspace}:${key}`)
  if (kept !== undefined) return { text: kept }
  if (view.job) return jobText(workspace, view.job).then((text) => ({ text }))
  return { text: view.component ? textWith(view.component, view.version) : EMPTY }
}
