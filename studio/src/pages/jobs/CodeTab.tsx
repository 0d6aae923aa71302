/** The code that ran: its snapshot, file by file. */

import { CodeBlock } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { TreeFiles } from '@/parts/Files'

import { treeOf, type Job } from './job'

export function CodeTab({ job }: { job: Job }) {
  const digest = treeOf(job.code)
  return (
    <>
      {job.command && <CodeBlock text={job.command} label="command" />}
      <section className="card">
        {digest ? (
          <div className="body">
            <TreeFiles digest={digest} />
          </div>
        ) : (
          <EmptyPage
            title="No folder of code"
            about={
              job.type === 'command'
                ? 'The job has a command alone. With `code` a folder is kept as it was when the job was submitted:'
                : 'Its parts have their own: see Children.'
            }
            command={job.type === 'command' ? 'code: ./src' : undefined}
          />
        )}
      </section>
      {digest && <p className="muted small mono">{digest}</p>}
    </>
  )
}
