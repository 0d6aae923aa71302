/**
 * Edits of a YAML text in place. The text is the truth: an edit splices what it is about and leaves every
 * other byte, comment and order alone. Where a splice would not say what was meant (anchors, odd layouts),
 * the `yaml` library writes the document, which keeps comments, too.
 */

import { isAlias, isMap, isScalar, parseDocument, stringify, visit } from 'yaml'
import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type Mapping = Record<string, Json>
export type Path = readonly string[]

/** What to set; `undefined` takes it out. */
export interface Edit {
  path: Path
  value: Json | undefined
}

const READ = { version: '1.1', keepSourceTokens: false } as const
const WRITE = { version: '1.1', lineWidth: 0 } as const

export function read(text: string): Document {
  return parseDocument(text, READ)
}

/** Gives what a text says, or `undefined` where it is no mapping or no YAML. */
export function meaning(text: string): Mapping | undefined {
  const document = read(text)
  if (document.errors.length > 0) return undefined
  const value: unknown = document.toJS()
  if (value === null) return {}
  return isMapping(value) ? value : undefined
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Gives the inner mapping at a path, or an empty one. */
export function within(value: Json | undefined, ...path: string[]): Mapping {
  let at: Json | undefined = value
  for (const name of path) at = isMapping(at) ? at[name] : undefined
  return isMapping(at) ? at : {}
}

/** Applies edits, one after another. */
export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce(one, text)
}

function one(text: string, { path, value }: Edit): string {
  const before = meaning(text) ?? {}
  const wanted = changed(before, path, value)
  if (same(before, wanted)) return text
  const document = read(text)
  const spliced = value === undefined ? without(text, document, path) : put(text, document, path, value)
  if (spliced !== undefined && same(meaning(spliced), wanted)) return spliced
  unshare(document, path)
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, document.createNode(value))
  return document.toString(WRITE)
}

/** Writes what an alias on the way stands for in its place, so that only this place changes. */
function unshare(document: Document, path: Path) {
  for (let depth = 1; depth < path.length; depth += 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true)
    if (isAlias(node)) document.setIn(path.slice(0, depth), document.createNode(node.toJS(document)))
  }
}

/** Gives the value with something set or taken out, however deep. */
export function changed(value: Mapping, [name = '', ...rest]: Path, to: Json | undefined): Mapping {
  const inner = rest.length > 0 ? changed(within(value, name), rest, to) : to
  if (inner !== undefined && !(to === undefined && rest.length > 0 && !(name in value)))
    return { ...value, [name]: inner }
  return Object.fromEntries(Object.entries(value).filter(([known]) => known !== name))
}

export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((part, at) => same(part, other[at]))
  if (!isMapping(one) || !isMapping(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => name in other && same(one[name], other[name]))
  )
}

type Entry = Pair<Scalar, Node | null>

function entryOf(map: YAMLMap, name: string): Entry | undefined {
  return (map.items as Entry[]).find((entry) => isScalar(entry.key) && String(entry.key.value) === name)
}

/** Gives the mapping that holds the last name of a path, and the part of the path that is not there yet. */
function holderOf(document: Document, path: Path): { map: YAMLMap; left: string[] } | undefined {
  let map: unknown = document.contents
  const left = [...path]
  while (isMap(map) && left.length > 1) {
    const value: unknown = entryOf(map, left[0] ?? '')?.value
    if (isAlias(value)) return undefined
    if (!isMap(value) || (value.flow && value.items.length === 0)) break
    map = value
    left.shift()
  }
  return isMap(map) ? { map: map as YAMLMap, left } : undefined
}

function put(text: string, document: Document, path: Path, value: Json): string | undefined {
  if (document.contents === null) return text + stringify(nested([...path], value), WRITE)
  const holder = holderOf(document, path)
  if (!holder) return undefined
  const [name = '', ...deeper] = holder.left
  const inner = deeper.length > 0 ? nested(deeper, value) : value
  const entry = entryOf(holder.map, name)
  return entry ? replaced(text, holder.map, entry, inner) : added(text, holder.map, name, inner)
}

function nested(path: string[], value: Json): Json {
  return path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value)
}

function replaced(text: string, map: YAMLMap, entry: Entry, value: Json): string | undefined {
  const keyEnd = entry.key.range?.[1]
  if (keyEnd === undefined) return undefined
  const colon = text.indexOf(':', keyEnd) + 1
  const old = entry.value
  const [start, end] = old?.range && old.range[1] > old.range[0] ? old.range : [colon, colon]
  const plain = !old || (isScalar(old) ? !isBlockText(old) : (old as YAMLMap).flow === true)
  if (map.flow || (plain && isShort(value))) {
    const gap = start === colon ? ' ' : ''
    return text.slice(0, start) + gap + inline(value, map.flow ?? false) + text.slice(end)
  }
  const key = entry.key.range?.[0] ?? 0
  const block = blockOf(text.slice(key, keyEnd), value, columnOf(text, key), text)
  return text.slice(0, key) + block.trimEnd() + text.slice(Math.max(colon, trimmedEnd(text, colon, end)))
}

function added(text: string, map: YAMLMap, name: string, value: Json) {
  const last = (map.items as Entry[]).at(-1)
  if (map.flow) {
    const [start, end] = map.range ?? [0, 0]
    const body = inline({ [name]: value }, false).slice(1, -1)
    if (!last) return `${text.slice(0, start)}{${body}}${text.slice(end)}`
    const after = endOf(last)
    return `${text.slice(0, after)}, ${body}${text.slice(after)}`
  }
  const first = (map.items as Entry[])[0]?.key.range?.[0]
  if (!last || first === undefined) return undefined
  const column = columnOf(text, first)
  if (text.slice(first - column, first).trim() !== '') return undefined // `- a: 1`: not at the line's start
  const from = lineEnd(text, trimmedEnd(text, last.key.range?.[0] ?? 0, endOf(last)))
  const block = blockOf(name, value, column, text)
  const head = text.slice(0, from)
  return (
    head + (head.endsWith('\n') || head === '' ? '' : '\n') + ' '.repeat(column) + block + text.slice(from)
  )
}

function without(text: string, document: Document, path: Path): string | undefined {
  const holder = holderOf(document, path)
  const entry = holder?.left.length === 1 ? entryOf(holder.map, holder.left[0] ?? '') : undefined
  const start = entry?.key.range?.[0]
  if (!holder || !entry || start === undefined) return undefined
  const items = holder.map.items as Entry[]
  const end = trimmedEnd(text, start, endOf(entry))
  if (items.length === 1) {
    const [from, to] = holder.map.range ?? [start, end]
    return text.slice(0, from) + '{}' + text.slice(trimmedEnd(text, from, to))
  }
  if (holder.map.flow) {
    const at = items.indexOf(entry)
    const next = items[at + 1]?.key.range?.[0]
    const before = items[at - 1]
    if (next !== undefined) return text.slice(0, start) + text.slice(next)
    return before ? text.slice(0, endOf(before)) + text.slice(end) : undefined
  }
  const column = columnOf(text, start)
  if (text.slice(start - column, start).trim() !== '') return undefined
  const from = withComments(text, start - column, column, items[0] === entry)
  return text.slice(0, from) + text.slice(lineEnd(text, end))
}

/** Gives where the comment lines begin that belong to the line at `from`: directly above, as far in. */
function withComments(text: string, from: number, column: number, isFirst: boolean): number {
  let at = from
  while (at > 0) {
    const above = text.lastIndexOf('\n', at - 2) + 1
    const line = text.slice(above, at)
    if (!line.startsWith(`${' '.repeat(column)}#`)) break
    at = above
  }
  const opens = isFirst && text.slice(text.lastIndexOf('\n', at - 2) + 1, at).trim() !== ''
  return opens ? from : at // above the first entry it may be about all of them
}

function isBlockText(node: Scalar): boolean {
  return node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
}

function isShort(value: Json): boolean {
  if (typeof value === 'string') return !value.includes('\n')
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0
}

/** Writes a value on one line. */
function inline(value: Json, inFlow: boolean): string {
  const options = { ...WRITE, collectionStyle: 'flow', flowCollectionPadding: false } as const
  if (!inFlow && (typeof value !== 'object' || value === null)) return stringify(value, options).trimEnd()
  return stringify([value], options).trimEnd().slice(1, -1)
}

/** Writes `key: value` as lines, those after the first as far in as the first is. */
function blockOf(key: string, value: Json, column: number, text: string): string {
  const step = /^jobs:\s*(?:#.*)?\n(?:\s*(?:#.*)?\n)*( +)\S/m.exec(text)?.[1]?.length ?? 2
  const lines = stringify({ k: value }, { ...WRITE, indent: step })
    .trimEnd()
    .slice(1)
    .split('\n')
  const name = /^[\w-]+$|^['"]/.test(key) ? key : stringify(key, WRITE).trim()
  return `${name}${lines.map((line, at) => (at === 0 || line === '' ? line : ' '.repeat(column) + line)).join('\n')}\n`
}

function endOf(entry: Entry): number {
  const end = entry.value?.range?.[1] ?? 0
  return Math.max(end, entry.key.range?.[1] ?? 0)
}

function trimmedEnd(text: string, start: number, end: number): number {
  return start + text.slice(start, end).trimEnd().length
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1)
}

/** Gives where the next line begins. */
function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at)
  return found < 0 ? text.length : found + 1
}

/** Renames a key, and what the texts beside it call it (`parent.jobs.OLD` in bindings). */
export function renamed(text: string, path: Path, to: string, word: 'jobs' | 'inputs' | 'outputs'): string {
  const document = read(text)
  const holder = holderOf(document, path)
  const from = path.at(-1) ?? ''
  const entry = holder?.left.length === 1 ? entryOf(holder.map, from) : undefined
  if (!entry?.key.range) return text
  const splices: [number, number, string][] = [[entry.key.range[0], entry.key.range[1], to]]
  const pattern = new RegExp(`(parent\\.${word}\\.)${from.replace(/[-.]/g, '\\$&')}(?![\\w-])`, 'g')
  const level = path.length === 2 ? document.contents : document.getIn(path.slice(0, -2), true)
  visit(level as Node, {
    Scalar(_, node) {
      if (typeof node.value !== 'string' || !node.range || !node.value.includes(`parent.${word}.`)) return
      const [start, end] = node.range
      const text_ = text.slice(start, end)
      const after = text_.replace(pattern, `$1${to}`)
      if (after !== text_) splices.push([start, end, after])
    },
    Pair(_, pair, ancestors) {
      // Steps of a pipeline inside have a parent of their own.
      const depth = ancestors.filter((above) => isMap(above)).length
      if (depth > 2 && isScalar(pair.key) && pair.key.value === 'jobs') return visit.SKIP
      return undefined
    },
  })
  splices.sort(([one], [other]) => other - one)
  return splices.reduce((now, [start, end, after]) => now.slice(0, start) + after + now.slice(end), text)
}
