/** A request to begin with, made of what an endpoint says that it takes. */

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

interface Described {
  example?: Json
  default?: Json
  const?: Json
  enum?: Json[]
  type?: string | string[]
  items?: Described
  prefixItems?: Described[]
  properties?: Record<string, Described>
  anyOf?: Described[]
  oneOf?: Described[]
}

const PLAIN: Record<string, Json> = { number: 0, integer: 0, string: '', boolean: false, null: null }

/** Gives a value that fits a JSON schema, the schema's own example first. */
export function sampleOf(schema: Described | undefined): Json {
  if (!schema) return {}
  const given = schema.example ?? schema.default ?? schema.const ?? schema.enum?.[0]
  if (given !== undefined) return given
  const inner = schema.anyOf?.[0] ?? schema.oneOf?.[0]
  if (inner) return sampleOf(inner)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'array') return schema.prefixItems?.map(sampleOf) ?? [sampleOf(schema.items)]
  if (type && type in PLAIN) return PLAIN[type] ?? null
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, one]) => [name, sampleOf(one)]),
  )
}

/** Gives the sample request of an OpenAPI document. */
export function sampleOfDocument(document: unknown): Json {
  const known = document as { components?: { schemas?: Record<string, Described> } } | undefined
  return sampleOf(known?.components?.schemas?.ServiceInput)
}

export interface Table {
  columns: string[]
  data: Json[][]
}

const FRAMES = ['input_data', 'dataframe_split']

/** Gives the rows of a request that is a table, and none of any other. */
export function tableOf(text: string): Table | undefined {
  let body: Json
  try {
    body = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const frame = FRAMES.map((name) => body[name]).find((one) => one !== undefined)
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return undefined
  const { columns, data } = frame
  const fits =
    Array.isArray(columns) &&
    columns.every((one) => typeof one === 'string') &&
    Array.isArray(data) &&
    data.every(Array.isArray)
  return fits ? { columns: columns as string[], data: data as Json[][] } : undefined
}

/** Writes one cell of a request that is a table. */
export function withCell(text: string, row: number, column: number, written: string): string {
  const body = JSON.parse(text) as Record<string, Json>
  const name = FRAMES.find((one) => body[one] !== undefined) ?? ''
  const frame = body[name] as { data: Json[][] }
  const cells = frame.data[row]
  if (cells) cells[column] = typeof cells[column] === 'string' ? written : valueOf(written)
  return JSON.stringify(body, null, 2)
}

function valueOf(written: string): Json {
  if (written.trim() === '') return null
  const number = Number(written)
  return Number.isFinite(number) ? number : written
}
