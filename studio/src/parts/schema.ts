/** JSON schemas as the server's OpenAPI document has them, and how forms read them. */

import { queryOptions } from '@tanstack/react-query'

import { send } from '@/api/client'

export interface Schema {
  type?: string
  title?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  items?: Schema
  additionalProperties?: Schema | boolean
  $ref?: string
}

export type Value = string | number | boolean | null | undefined | Value[] | { [name: string]: Value }

interface Document {
  components: { schemas: Record<string, Schema> }
}

/** Reads the server's description of itself, once. */
export const description = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }) => (await send('get', '/api/v1/openapi.json', { signal })) as Document,
  staleTime: Infinity,
})

/** Gives the schema of a kind's spec with what it refers to put in place, some levels deep. */
export function schemaOf(document: Document, name: string): Schema {
  const seen = document.components.schemas
  const filled = (schema: Schema, depth: number): Schema => {
    if (schema.$ref) {
      const found = seen[schema.$ref.split('/').at(-1) ?? '']
      return found && depth < 6 ? { ...filled(found, depth + 1), ...withoutRef(schema) } : {}
    }
    const several = (list?: Schema[]) => list?.map((one) => filled(one, depth + 1))
    const properties = schema.properties
      ? Object.fromEntries(
          Object.entries(schema.properties).map(([key, one]) => [key, filled(one, depth + 1)]),
        )
      : undefined
    return { ...schema, properties, anyOf: several(schema.anyOf), oneOf: several(schema.oneOf) }
  }
  return filled(seen[name] ?? {}, 0)
}

function withoutRef(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$ref'))
}

/** Of a field that may be left empty or written in several ways, gives the way that a form offers. */
export function branchOf(schema: Schema): Schema {
  const ways = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.type !== 'null')
  const first = ways[0]
  return first ? { ...branchOf(first), title: schema.title, default: schema.default } : schema
}

export function titleOf(name: string, schema: Schema): string {
  return schema.title ?? name.replace(/_/g, ' ')
}
