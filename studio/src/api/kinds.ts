/** The kinds of resources, and where each lives. */

import { address, send, type Query } from './client'
import type { Schemas } from './client'

export const PLURALS = {
  compute: 'computes',
  datastore: 'datastores',
  data: 'data',
  environment: 'environments',
  component: 'components',
  job: 'jobs',
  schedule: 'schedules',
  model: 'models',
  online_endpoint: 'online-endpoints',
  online_deployment: 'online-deployments',
  prediction_view: 'prediction-views',
  batch_endpoint: 'batch-endpoints',
  batch_deployment: 'batch-deployments',
} as const

/** Kinds whose address has the name of another before theirs. */
export const PARENTS: Partial<Record<Kind, Kind>> = {
  online_deployment: 'online_endpoint',
  batch_deployment: 'batch_endpoint',
}

export type Kind = keyof typeof PLURALS

interface Bodies {
  compute: Schemas['Compute']
  datastore: Schemas['Datastore']
  data: Schemas['Data']
  environment: Schemas['Environment']
  component: Schemas['Component']
  job: Schemas['Job']
  schedule: Schemas['Schedule']
  model: Schemas['Model']
  online_endpoint: Schemas['OnlineEndpoint']
  online_deployment: Schemas['OnlineDeployment']
  prediction_view: Schemas['PredictionView']
  batch_endpoint: Schemas['BatchEndpoint']
  batch_deployment: Schemas['BatchDeployment']
}

/** What every resource says of itself beside its own fields. */
export interface Facts {
  id: string
  name: string
  kind: string
  workspace: string
  version: string
  revision: number
  archived: boolean
  description?: string | null
  tags: Record<string, string>
  properties: Record<string, string>
  creation_context: { created_at?: string; created_by?: string; last_modified_at?: string }
}

export type Resource<K extends Kind = Kind> = Bodies[K] & Facts

export interface PageOf<T> {
  items: T[]
  next: string
}

/** Which resource: of deployments with their endpoint, of versioned kinds with the version. */
export interface Place {
  name: string
  parent?: string
  version?: string
}

/** Gives the path of a kind's collection. */
export function collection(workspace: string, kind: Kind, parent = ''): string {
  const above = PARENTS[kind]
  const between = above ? `/${PLURALS[above]}/{parent}` : ''
  return address(`/api/v1/workspaces/{workspace}${between}/${PLURALS[kind]}`, { workspace, parent })
}

/** Gives the path of one resource, and of something below it. */
export function one(workspace: string, kind: Kind, place: Place, below = ''): string {
  const version = place.version ? `/versions/${encodeURIComponent(place.version)}` : ''
  const tail = below ? `/${below}` : ''
  return `${collection(workspace, kind, place.parent)}/${encodeURIComponent(place.name)}${version}${tail}`
}

export async function list<K extends Kind>(
  workspace: string,
  kind: K,
  query: Query = {},
  options: { parent?: string; signal?: AbortSignal } = {},
): Promise<PageOf<Resource<K>>> {
  const url = address(collection(workspace, kind, options.parent), {}, query)
  return (await send('get', url, { signal: options.signal })) as PageOf<Resource<K>>
}

export async function show<K extends Kind>(
  workspace: string,
  kind: K,
  place: Place,
  signal?: AbortSignal,
): Promise<Resource<K>> {
  return (await send('get', one(workspace, kind, place), { signal })) as Resource<K>
}
