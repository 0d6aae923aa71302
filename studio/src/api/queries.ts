/**
 * Queries of the pages. Every key begins with the workspace and the kind, so that the stream of changes
 * knows what to read again: `[workspace, kind, 'list', ...]` and `[workspace, kind, 'one', name, ...]`.
 */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'

import { send, type Query } from './client'
import { list, one, show, type Kind, type PageOf, type Place, type Resource } from './kinds'

export const PAGE_SIZE = 100

/** Reads a list page by page; `rowsOf` gives what was read so far. */
export function listOf<K extends Kind>(workspace: string, kind: K, query: Query = {}, parent?: string) {
  return infiniteQueryOptions({
    queryKey: [workspace, kind, 'list', parent ?? '', query],
    queryFn: ({ pageParam, signal }) =>
      list(workspace, kind, { limit: PAGE_SIZE, ...query, after: pageParam }, { parent, signal }),
    initialPageParam: '',
    getNextPageParam: (page: PageOf<Resource<K>>) => page.next || undefined,
  })
}

export function rowsOf<T>(data: { pages: PageOf<T>[] } | undefined): T[] {
  return data ? data.pages.flatMap((page) => page.items) : []
}

/** Reads one resource. */
export function oneOf<K extends Kind>(workspace: string, kind: K, place: Place) {
  return queryOptions({
    queryKey: [workspace, kind, 'one', place.name, place.parent ?? '', place.version ?? ''],
    queryFn: ({ signal }) => show(workspace, kind, place, signal),
  })
}

/** Reads something below a resource, such as a job's `outputs`; it is read again when the resource changes. */
export function belowOf<T>(workspace: string, kind: Kind, place: Place, below: string) {
  return queryOptions({
    queryKey: [workspace, kind, 'one', place.name, place.parent ?? '', place.version ?? '', below],
    queryFn: async ({ signal }) => (await send('get', one(workspace, kind, place, below), { signal })) as T,
  })
}
