/** A button that asks the server for something, and says what came of it. */

import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'

import { asProblem } from '@/api/problem'

import { notify } from './notices'
import { useWorkspace } from './place'

interface Props {
  act: () => Promise<unknown>
  /** Said when it is done. */
  done: string
  primary?: boolean
  small?: boolean
  disabled?: boolean
  title?: string
  children: ReactNode
}

export function ActButton({ act, done, primary, small, disabled, title, children }: Props) {
  const client = useQueryClient()
  const workspace = useWorkspace()
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    try {
      await act()
      notify(done)
      void client.invalidateQueries({ queryKey: [workspace] })
    } catch (error) {
      notify(asProblem(error).message, 'bad')
    }
    setBusy(false)
  }
  return (
    <button
      type="button"
      className={`button${primary ? ' primary' : ''}${small ? ' small' : ''}`}
      disabled={disabled === true || busy}
      title={title}
      onClick={() => void go()}
    >
      {children}
    </button>
  )
}
