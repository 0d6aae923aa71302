/** What the job took of the machine. */

import { Bytes, duration } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'

import { type Job } from './job'
import { MetricsTab } from './MetricsTab'

export function ResourcesTab({ job }: { job: Job }) {
  const usage = job.usage
  return (
    <>
      <section className="card">
        <header>
          <h2>Used in all</h2>
        </header>
        <div className="body">
          {usage ? (
            <KeyValue
              facts={[
                ['Time', duration(usage.wall_seconds)],
                ['Processor time', duration(usage.cpu_seconds)],
                ['Most memory at a time', <Bytes key="m" size={usage.peak_memory_bytes} />],
                ['Asked for', job.resources && <code>{JSON.stringify(job.resources)}</code>],
              ]}
            />
          ) : (
            <p className="muted">Known when the job has ended.</p>
          )}
        </div>
      </section>
      <MetricsTab job={job} prefix="system/" />
    </>
  )
}
