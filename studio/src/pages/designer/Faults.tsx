/** What is wrong, said while drawing: each leads to where it is. */

import type { FieldProblem } from '@/api/problem'
import { Icon } from '@/parts/Icon'
import { ProblemView } from '@/parts/ProblemView'

import { read } from './edit'
import type { Plan, PlanRow } from './queries'

export interface Fault {
  message: string
  hint: string
  /** The names of steps that lead there; none: it is about the pipeline. */
  names: string[]
  /** The line of a text that is no YAML. */
  line?: number
}

/** Gives what is wrong with a text, or with what it says. */
export function faultsOf(text: string, problems: FieldProblem[]): Fault[] {
  const { errors } = read(text)
  if (errors.length > 0)
    return errors.map((error) => ({
      message: `The text is no YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? ''}.`,
      hint: 'The canvas shows what was there before.',
      names: [],
      line: error.linePos?.[0].line,
    }))
  return problems.map((one) => ({
    message: one.message,
    hint: one.hint ?? '',
    names: stepsOf(one.field ?? ''),
  }))
}

/** Reads the steps in a field such as `jobs.a.component.jobs.b.inputs.x`. */
export function stepsOf(field: string): string[] {
  const parts = field.split('.')
  const names: string[] = []
  for (let at = parts[0] === 'component' ? 1 : 0; parts[at] === 'jobs' && parts[at + 1];) {
    names.push(parts[at + 1] ?? '')
    at += parts[at + 2] === 'component' ? 3 : 2
  }
  return names
}

interface Props {
  faults: Fault[]
  checked?: { data: Plan | undefined; error: Error | null }
  onOpen: (fault: Fault) => void
}

const WORDS = {
  run: 'run',
  reuse: 'reused',
  depends: 'depend on others',
  decide: 'decide',
  skip: 'skipped',
} as const

export function Faults({ faults, checked, onOpen }: Props) {
  if (checked?.error)
    return (
      <div className="designer-faults">
        <ProblemView error={checked.error} />
      </div>
    )
  if (faults.length === 0 && !checked) return null
  return (
    <section className="designer-faults" aria-label="Check" aria-live="polite">
      {faults.length === 0 ? (
        <p className="small muted">
          {checked?.data ? `Nothing is wrong. ${summary(checked.data.steps)}` : 'Checking…'}
        </p>
      ) : (
        <ul>
          {faults.map((fault, at) => (
            <li key={at}>
              <button
                type="button"
                onClick={() => {
                  onOpen(fault)
                }}
              >
                <span className="row small">
                  <Icon name="warning" size={14} />
                  {fault.line && <span className="muted">line {fault.line}</span>}
                  {fault.message} <span className="muted">{fault.hint}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Says what would become of the steps: `2 run, 1 reused`. */
function summary(rows: PlanRow[]): string {
  const counts = Object.entries(WORDS).map(([action, word]): [number, string] => [
    rows.filter((row) => row.action === action).length,
    word,
  ])
  const said = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return said.length > 0
    ? `Of ${rows.length === 1 ? 'one step' : `${rows.length} steps`}: ${said.join(', ')}.`
    : ''
}
