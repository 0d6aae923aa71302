/** The way from an empty workspace to a served model; it goes when all is done. */

import { CodeBlock } from '@/parts/Copy'
import { Icon } from '@/parts/Icon'

import type { Overview } from './overview'

const STEPS: { part: keyof Overview; title: string; about: string; command: string }[] = [
  {
    part: 'data',
    title: 'Register data',
    about: 'A file, folder or table under a name and a version.',
    command: 'zaffre data create -n rows --path rows.csv --type uri_file',
  },
  {
    part: 'recent',
    title: 'Run a job',
    about: 'A command in an environment; its log, metrics and outputs are kept.',
    command: 'zaffre job create -f job.yml --stream',
  },
  {
    part: 'model',
    title: 'Register a model',
    about: 'What a job made, under a name and a version.',
    command: 'zaffre model create -n ridge --path azureml://jobs/JOB/outputs/model',
  },
  {
    part: 'online_endpoint',
    title: 'Serve it',
    about: 'A stable address with keys; deployments behind it are changed without a pause.',
    command:
      'zaffre online-endpoint create -n ridge\nzaffre online-deployment create -f deployment.yml --all-traffic',
  },
]

export function FirstSteps({ told }: { told: Overview }) {
  const done = STEPS.filter((step) => told[step.part].length > 0)
  if (done.length === STEPS.length) return null
  const next = STEPS.find((step) => told[step.part].length === 0)
  return (
    <section className="card" aria-label="First steps">
      <header>
        <h2>First steps</h2>
        <span className="muted small">
          {done.length} of {STEPS.length} done
        </span>
      </header>
      <ol className="body first-steps">
        {STEPS.map((step) => {
          const ready = told[step.part].length > 0
          return (
            <li key={step.title} data-done={ready}>
              <span className="first-mark">
                {ready ? <Icon name="check" size={14} /> : <Icon name="right" size={12} />}
              </span>
              <div className="stack" style={{ gap: '0.35rem' }}>
                <h3>
                  {step.title}
                  {ready && <span className="sr-only"> (done)</span>}
                </h3>
                {!ready && <p className="muted">{step.about}</p>}
                {step === next && <CodeBlock text={step.command} label="command" />}
              </div>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
