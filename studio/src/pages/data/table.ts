/** The head of a table in a text file, and what its columns hold. */

export interface Head {
  columns: string[]
  rows: string[][]
}

export interface Profile {
  name: string
  /** What all its values are: `integer`, `number`, `true or false`, else `text`. */
  type: string
  missing: number
  distinct: number
  least?: string
  most?: string
  /** Counts of ten equal steps between least and most of a number, or of the most frequent texts. */
  bars: { label: string; count: number }[]
}

const BARS = 10
const MISSING = new Set(['', 'na', 'nan', 'null', 'none'])

/** Reads rows separated by commas, semicolons or tabs (RFC 4180); a last row cut off is left out. */
export function headOf(text: string, whole: boolean, most = 500): Head {
  const first = text.slice(0, text.indexOf('\n') + 1 || undefined)
  const mark = [',', ';', '\t'].reduce((a, b) => (first.split(b).length > first.split(a).length ? b : a))
  const rows = rowsOf(text, mark, most + 2)
  if (!whole && rows.length <= most + 1) rows.pop()
  const [columns = [], ...rest] = rows
  return { columns, rows: rest.slice(0, most) }
}

function rowsOf(text: string, mark: string, most: number): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length && rows.length < most; at += 1) {
    const letter = text[at] ?? ''
    if (quoted) {
      if (letter !== '"') cell += letter
      else if (text[at + 1] === '"') {
        cell += '"'
        at += 1
      } else quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === mark || letter === '\n') {
      row.push(cell.replace(/\r$/, ''))
      cell = ''
      if (letter === '\n') {
        rows.push(row)
        row = []
      }
    } else cell += letter
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  return rows.filter((one) => one.length > 1 || one[0] !== '')
}

/** Says what the columns of a table hold. */
export function profilesOf(head: Head): Profile[] {
  return head.columns.map((name, at) =>
    profileOf(
      name,
      head.rows.map((row) => row[at] ?? ''),
    ),
  )
}

function profileOf(name: string, cells: string[]): Profile {
  const known = cells.filter((cell) => !MISSING.has(cell.trim().toLowerCase()))
  const counts = new Map<string, number>()
  for (const cell of known) counts.set(cell, (counts.get(cell) ?? 0) + 1)
  const common = { name, missing: cells.length - known.length, distinct: counts.size }
  const numbers = known.map(Number)
  const numeric = known.length > 0 && numbers.every(Number.isFinite)
  if (!numeric) {
    const flags = known.length > 0 && known.every((cell) => /^(true|false)$/i.test(cell))
    const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, BARS)
    const bars = frequent.map(([label, count]) => ({ label, count }))
    return { ...common, type: flags ? 'true or false' : 'text', bars }
  }
  const least = numbers.reduce((a, b) => Math.min(a, b))
  const most = numbers.reduce((a, b) => Math.max(a, b))
  const type = numbers.every(Number.isInteger) ? 'integer' : 'number'
  return { ...common, type, least: String(least), most: String(most), bars: steps(numbers, least, most) }
}

function steps(numbers: number[], least: number, most: number): Profile['bars'] {
  const width = (most - least) / BARS || 1
  const counts = new Array<number>(BARS).fill(0)
  for (const value of numbers) {
    const step = Math.min(BARS - 1, Math.floor((value - least) / width))
    counts[step] = (counts[step] ?? 0) + 1
  }
  return counts.map((count, step) => ({ label: (least + step * width).toPrecision(4), count }))
}
