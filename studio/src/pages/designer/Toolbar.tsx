/** What can be done with the whole pipeline: open, undo, run, take it along. */

import { useState } from 'react'

import { CommandPanel, program, quoted } from '@/parts/CommandPanel'
import { Icon } from '@/parts/Icon'
import { Menu } from '@/parts/Menu'

import { DeployDialog } from './DeployDialog'
import { layoutText } from './layout'
import { OpenDialog } from './OpenDialog'
import { SubmitDialog } from './SubmitDialog'
import { download, fileName } from './source'
import type { Design } from './useDesign'

interface Props {
  workspace: string
  design: Design
  job: string
  faulty: boolean
  busy: boolean
  onOpen: (file: string) => void
  onArrange: () => void
  onSubmitted: (job: string) => void
}

export function Toolbar({ workspace, design, job, faulty, busy, onOpen, onArrange, onSubmitted }: Props) {
  const [dialog, setDialog] = useState<'open' | 'submit' | 'deploy'>()
  const close = () => {
    setDialog(undefined)
  }
  const name = fileName(design.document)
  return (
    <>
      <button
        type="button"
        className="button"
        onClick={() => {
          setDialog('open')
        }}
      >
        <Icon name="folder" />
        Open…
      </button>
      <button
        type="button"
        className="button"
        disabled={!design.canUndo}
        title="Undo (Ctrl-Z)"
        onClick={() => {
          design.act({ do: 'undo' })
        }}
      >
        Undo
      </button>
      <button
        type="button"
        className="button"
        disabled={!design.canRedo}
        title="Redo (Ctrl-Y)"
        onClick={() => {
          design.act({ do: 'redo' })
        }}
      >
        Redo
      </button>
      <Menu label="Export">
        <button
          type="button"
          onClick={() => {
            download(`${name}.yml`, design.text)
          }}
        >
          <Icon name="download" />
          YAML
        </button>
        <button
          type="button"
          onClick={() => {
            download(`${name}.layout.json`, layoutText(design.layout))
          }}
        >
          <Icon name="download" />
          Layout
        </button>
      </Menu>
      <Menu label="More">
        <button type="button" onClick={onArrange}>
          <Icon name="designer" />
          Arrange the boxes
        </button>
        <button
          type="button"
          disabled={job === '' || design.edited}
          title={
            job === '' || design.edited ? 'Run it first: a deployment runs the steps of a job.' : undefined
          }
          onClick={() => {
            setDialog('deploy')
          }}
        >
          <Icon name="batch" />
          Deploy to a batch endpoint…
        </button>
      </Menu>
      <CommandPanel
        cli={`zaffre job create -f ${quoted(`${name}.yml`)} --stream`}
        sdk={program(
          `from zaffre.ml import load_job\n\njob = ml.jobs.create_or_update(load_job("${name}.yml"))\nml.jobs.stream(job.name)`,
        )}
        yaml={design.text}
      />
      <button
        type="button"
        className="button primary"
        disabled={faulty}
        title={faulty ? 'Mend what is listed below the canvas first.' : undefined}
        onClick={() => {
          setDialog('submit')
        }}
      >
        <Icon name="right" />
        Run…
      </button>
      {dialog === 'open' && (
        <OpenDialog
          workspace={workspace}
          onClose={close}
          onOpen={(text) => {
            close()
            onOpen(text)
          }}
        />
      )}
      {dialog === 'submit' && (
        <SubmitDialog
          workspace={workspace}
          document={design.document}
          busy={busy}
          onClose={close}
          onSubmitted={(made) => {
            close()
            onSubmitted(made)
          }}
        />
      )}
      {dialog === 'deploy' && <DeployDialog workspace={workspace} job={job} name={name} onClose={close} />}
    </>
  )
}
