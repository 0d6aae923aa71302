/** The job as the API gives it. */

import { CodeBlock } from '@/parts/Copy'

import type { Job } from './job'

export function RawTab({ job }: { job: Job }) {
  return <CodeBlock text={JSON.stringify(job, null, 2)} label="JSON" />
}
