/** How a model leaves the building: the command that packages it. */

import { useState } from 'react'

import type { Resource } from '@/api/kinds'
import { CodeBlock } from '@/parts/Copy'
import { Dialog } from '@/parts/Dialog'

export function Package({ model }: { model: Resource<'model'> }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="button"
        onClick={() => {
          setOpen(true)
        }}
      >
        Package…
      </button>
      {open && (
        <Dialog
          title="Take the model elsewhere"
          onClose={() => {
            setOpen(false)
          }}
        >
          <div className="stack">
            <p>
              A package is a folder with the model, its environment’s lock and a server that needs nothing of
              Zaffre: run it anywhere with Python, or build the container that its Dockerfile describes.
            </p>
            <CodeBlock
              label="command"
              text={`zaffre model package -n ${model.name} --version ${model.version} --path ./${model.name}-package`}
            />
            <CodeBlock
              label="download command"
              text={`zaffre model download -n ${model.name} --version ${model.version} --download-path .`}
            />
          </div>
        </Dialog>
      )}
    </>
  )
}
