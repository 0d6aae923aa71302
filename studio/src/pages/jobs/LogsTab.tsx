/** What the job wrote, live while it runs. */

import { LogView } from '@/parts/LogView'
import { ProblemView } from '@/parts/ProblemView'

import { ended, type Job } from './job'
import { logPath, useLog } from './useLog'

export function LogsTab({ job }: { job: Job }) {
  const done = ended(job)
  const log = useLog(job.workspace, job.name, !done)
  if (log.error !== undefined) return <ProblemView error={log.error} />
  return (
    <LogView
      text={log.text}
      live={log.live && !done}
      href={logPath(job.workspace, job.name)}
      fileName={`${job.name}.log`}
    />
  )
}
