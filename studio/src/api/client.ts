/** The typed client: paths, parameters and bodies are those of the server's OpenAPI document. */

import { problemOf } from './problem'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch'
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: object } ? P : never
}[keyof paths] &
  string
type Operation<P extends keyof paths, M extends Method> = paths[P] extends { [K in M]: infer O } ? O : never
type Parameters<O> = O extends { parameters: infer R } ? R : never
type PathOf<O> = Parameters<O> extends { path: infer R } ? R : undefined
type JsonOf<R> = R extends { content: { 'application/json': infer B } } ? B : unknown
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : unknown
type AnswerOf<O> = O extends { responses: { 200: infer R } }
  ? JsonOf<R>
  : O extends { responses: { 201: infer R } }
    ? JsonOf<R>
    : unknown

export type Query = Record<string, string | number | boolean | undefined>

export interface Asked<O> {
  path?: PathOf<O>
  query?: Query
  body?: BodyOf<O>
  /** The revision that a change was made on; the server refuses it when another is newer. */
  revision?: number
  signal?: AbortSignal
}

/** Writes an address: parameters in the path are quoted, empty ones of the query are left out. */
export function address(path: string, params: Record<string, string> = {}, query: Query = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    (params[name] ?? '').split('/').map(encodeURIComponent).join('/'),
  )
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') asked.set(name, String(value))
  }
  const text = asked.toString()
  return text ? `${filled}?${text}` : filled
}

/** Sends one request and gives its JSON; anything but success is thrown as a `Problem`. */
export async function send(method: Method, url: string, asked: Omit<Asked<unknown>, 'path' | 'query'> = {}) {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (asked.body !== undefined) headers['Content-Type'] = 'application/json'
  if (asked.revision !== undefined) headers['If-Match'] = `"${asked.revision}"`
  if (method === 'post') headers['Idempotency-Key'] = crypto.randomUUID()
  const answer = await fetch(url, {
    method: method.toUpperCase(),
    headers,
    body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
    signal: asked.signal ?? null,
  })
  if (!answer.ok) throw await problemOf(answer)
  return answer.status === 204 ? undefined : ((await answer.json()) as unknown)
}

function calling<M extends Method>(method: M) {
  return async <P extends PathsWith<M>>(path: P, asked: Asked<Operation<P, M>> = {}) => {
    const { path: params, query, ...rest } = asked
    const url = address(path, params as Record<string, string> | undefined, query)
    return (await send(method, url, rest)) as AnswerOf<Operation<P, M>>
  }
}

export const api = {
  get: calling('get'),
  put: calling('put'),
  post: calling('post'),
  patch: calling('patch'),
  delete: calling('delete'),
}

/** Reads text, such as a file or a whole log. */
export async function readText(url: string, signal?: AbortSignal): Promise<string> {
  const answer = await fetch(url, { signal: signal ?? null })
  if (!answer.ok) throw await problemOf(answer)
  return answer.text()
}
