/** Where a document comes from: a job, a component, a file, or what this browser kept. */

import { stringify } from 'yaml'

import { send } from '@/api/client'
import { one, show } from '@/api/kinds'
import { remember, remembered } from '@/parts/place'

import { isMapping, same, type Json, type Mapping } from './edit'
import { textOf } from './graph'

const FIELDS = [
  'type',
  'display_name',
  'experiment_name',
  'description',
  'tags',
  'inputs',
  'outputs',
  'settings',
  'compute',
  'component',
  'jobs',
]
const SCHEMA = 'https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json'
const FACTS = ['id', 'kind', 'workspace', 'revision', 'archived', 'creation_context', 'warnings']
const KEPT = 12

export const EMPTY = `$schema: ${SCHEMA}\ntype: pipeline\ndisplay_name: new pipeline\njobs: {}\n`

/** Reads the document of a registered component by how it is referred to. */
export async function component(
  workspace: string,
  reference: string,
  signal?: AbortSignal,
): Promise<Mapping> {
  const found = await show(workspace, 'component', placeOf(reference), signal)
  return withoutEmpty(found as unknown as Mapping, FACTS)
}

/** Reads `azureml:NAME:VERSION`, `azureml:NAME@latest` and the forms of registries. */
export function placeOf(reference: string): { name: string; version?: string } {
  const registry = /components\/([\w.-]+)\/(?:versions\/([\w.-]+)|labels\/)/.exec(reference)
  if (registry) return { name: registry[1] ?? '', version: registry[2] }
  const [name = '', version] = reference.replace(/^azureml:/, '').split(/[:@]/)
  return { name, version: version && version !== 'latest' ? version : undefined }
}

/** Gives the text of a job's document; components that are registered stand there by name again. */
export async function jobText(workspace: string, name: string): Promise<string> {
  const job = (await send('get', one(workspace, 'job', { name }))) as Mapping
  if (job['type'] !== 'pipeline') throw new Error(`\`${name}\` is no pipeline: only pipelines are drawn.`)
  const document = Object.fromEntries(
    FIELDS.filter((field) => field in job).map((field) => [field, job[field] ?? null]),
  )
  const slim = await withReferences(workspace, withoutEmpty(document), new Map())
  return stringify({ $schema: SCHEMA, ...slim }, { version: '1.1', lineWidth: 0 })
}

async function withReferences(
  workspace: string,
  value: Mapping,
  known: Map<string, Promise<Mapping>>,
): Promise<Mapping> {
  const found: Mapping = { ...value }
  for (const word of ['component', 'trial']) {
    const body = value[word]
    if (isMapping(body)) found[word] = await referred(workspace, body, known)
  }
  if (isMapping(value['jobs'])) {
    const steps = Object.entries(value['jobs']).map(async ([name, step]): Promise<[string, Json]> => [
      name,
      isMapping(step) ? await withReferences(workspace, step, known) : step,
    ])
    found['jobs'] = Object.fromEntries(await Promise.all(steps))
  }
  return found
}

async function referred(
  workspace: string,
  body: Mapping,
  known: Map<string, Promise<Mapping>>,
): Promise<Json> {
  const [name, version] = [textOf(body['name']), textOf(body['version'])]
  if (!name || !version) return withReferences(workspace, body, known)
  const reference = `azureml:${name}:${version}`
  if (!known.has(reference))
    known.set(
      reference,
      component(workspace, reference).catch(() => ({})),
    )
  const registered = await known.get(reference)
  return alike(body, registered ?? {}) ? reference : withReferences(workspace, body, known)
}

/** Says whether two components do the same; how their environment was pinned is left aside. */
function alike(one_: Mapping, other: Mapping): boolean {
  const [left, right] = [one_, other].map((body) => withoutEmpty(body, ['environment'], true))
  return same(left, right)
}

const STANDARD: Mapping = {
  optional: false,
  is_control: false,
  early_available: false,
  is_deterministic: true,
}

/** Leaves out what says nothing: what is empty, and what holds anyway. */
function withoutEmpty(value: Mapping, leaving: string[] = [], deep = false): Mapping {
  const found: Mapping = {}
  for (const [name, inner] of Object.entries(value)) {
    if (leaving.includes(name) || inner === null || inner === STANDARD[name]) continue
    const kept = isMapping(inner) ? withoutEmpty(inner, deep ? leaving : [], deep) : inner
    if (!isMapping(kept) || Object.keys(kept).length > 0) found[name] = kept
  }
  if ('component' in found && found['type'] === 'command') Reflect.deleteProperty(found, 'type')
  return found
}

/** A pipeline of one step. */
export function textWith(name: string, version: string): string {
  const jobs = { [name]: { component: version ? `azureml:${name}:${version}` : `azureml:${name}@latest` } }
  return stringify({ $schema: SCHEMA, type: 'pipeline', display_name: name, jobs }, { lineWidth: 0 })
}

interface Draft {
  key: string
  text: string
}

function drafts(): Draft[] {
  try {
    return JSON.parse(remembered('drafts') ?? '[]') as Draft[]
  } catch {
    return []
  }
}

/** What was drawn last under a key, kept by this browser with the comments that a job's spec does not have. */
export function draftOf(key: string): string | undefined {
  return drafts().find((draft) => draft.key === key)?.text
}

export function keepDraft(key: string, text: string | undefined): void {
  const others = drafts().filter((draft) => draft.key !== key)
  remember(
    'drafts',
    JSON.stringify([...(text === undefined ? [] : [{ key, text }]), ...others].slice(0, KEPT)),
  )
}

/** Gives a name for files: of the job, or of what the pipeline is called. */
export function fileName(document: Mapping): string {
  return (
    textOf(document['name'] ?? document['display_name'])
      .replace(/[^\w-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'pipeline'
  )
}

/** Has the browser keep a text as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
