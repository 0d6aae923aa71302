/** "Show as": what a page shows or does, as the equal command, program and document, ready to copy. */

import { useState } from 'react'

import { CodeBlock } from './Copy'
import { Dialog } from './Dialog'
import { Icon } from './Icon'
import { Tabs } from './Tabs'

export interface Forms {
  cli?: string
  sdk?: string
  yaml?: string
  rest?: string
}

const TITLES = { cli: 'CLI', sdk: 'Python SDK', yaml: 'YAML', rest: 'REST' } as const

const HEAD = 'from zaffre.ml import MLClient\n\nml = MLClient()\n'

/** Puts the lines in front that every program begins with. */
export function program(lines: string): string {
  return HEAD + lines
}

/** Quotes a word for a shell where it must be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export function CommandPanel(forms: Forms) {
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
        <Icon name="code" />
        Show as…
      </button>
      {open && (
        <Dialog
          title="The same by command or program"
          wide
          onClose={() => {
            setOpen(false)
          }}
        >
          <FormTabs {...forms} />
        </Dialog>
      )}
    </>
  )
}

/** The same, in place. */
export function FormTabs(forms: Forms) {
  const known = (Object.keys(TITLES) as (keyof Forms)[]).filter((name) => forms[name])
  const [open, setOpen] = useState(known[0] ?? 'cli')
  return (
    <div className="stack">
      <Tabs label="Form" tabs={known.map((id) => ({ id, title: TITLES[id] }))} open={open} onOpen={setOpen}>
        <CodeBlock text={forms[open] ?? ''} label={TITLES[open]} />
      </Tabs>
    </div>
  )
}
