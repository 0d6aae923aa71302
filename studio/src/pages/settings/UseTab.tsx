/** What jobs used and what it cost, added up by what you choose. */

import { useQuery } from '@tanstack/react-query'

import { address, send } from '@/api/client'
import { FormTabs, program } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { duration, numeral } from '@/parts/format'
import { useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import '@/parts/table.css'

const BY = ['experiment', 'user', 'compute'] as const
const SINCE: [string, string][] = [
  ['1d', 'a day'],
  ['7d', 'a week'],
  ['30d', '30 days'],
  ['', 'ever'],
]

type Row = Record<string, string | number | null>

export function UseTab() {
  const workspace = useWorkspace()
  const [view, setView] = useView<{ by: string; since: string }>({ by: 'experiment', since: '7d' })
  const found = useQuery({
    queryKey: [workspace, 'job', 'list', 'usage', view.by, view.since],
    queryFn: async ({ signal }) => {
      const url = address(
        '/api/v1/workspaces/{workspace}/usage',
        { workspace },
        { by: view.by, since: view.since },
      )
      return rowsOf(await send('get', url, { signal }))
    },
  })
  const rows = found.data ?? []
  const columns = Object.keys(rows[0] ?? {})
  return (
    <>
      <div className="row">
        <label htmlFor="by">By</label>
        <select
          id="by"
          className="input"
          style={{ width: 'auto' }}
          value={view.by}
          onChange={(event) => {
            setView({ by: event.target.value })
          }}
        >
          {BY.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <label htmlFor="since">of</label>
        <select
          id="since"
          className="input"
          style={{ width: 'auto' }}
          value={view.since}
          onChange={(event) => {
            setView({ since: event.target.value })
          }}
        >
          {SINCE.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {found.error && <ProblemView error={found.error} retry={() => void found.refetch()} />}
      {found.data && rows.length === 0 && (
        <div className="card">
          <EmptyPage
            title="Nothing was used"
            about="Processor, memory and GPU seconds of jobs are added up here; with a price for an hour on a compute, their cost, too."
            command="zaffre compute update -n local --set price_per_hour=0.4"
          />
        </div>
      )}
      {rows.length > 0 && (
        <div className="card scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column.replace(/_/g, ' ')}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={index}>
                  {columns.map((column) => (
                    <td key={column} className="number">
                      {written(column, row[column])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <FormTabs
        cli={`zaffre job usage --by ${view.by}${view.since ? ` --since ${view.since}` : ''}`}
        sdk={program(
          `for row in ml.jobs.usage(by="${view.by}"${view.since ? `, since="${view.since}"` : ''}):\n    print(row)`,
        )}
      />
    </>
  )
}

function rowsOf(answer: unknown): Row[] {
  if (Array.isArray(answer)) return answer as Row[]
  const items = (answer as { items?: Row[] }).items
  return items ?? []
}

function written(column: string, value: string | number | null | undefined): string {
  if (typeof value !== 'number') return value ?? '–'
  if (column === 'memory_byte_seconds') return `${numeral(value / 3.6e12)} GB h`
  return column.endsWith('seconds') ? duration(value) : numeral(value)
}
