/** Signing in by a link that works once, and what is said when there is no session. */

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { api } from '@/api/client'
import { CodeBlock } from '@/parts/Copy'
import { ProblemView } from '@/parts/ProblemView'

/** Takes the code behind `#`, which never left this browser, and changes it into a session. */
export function SignIn() {
  const client = useQueryClient()
  const [error, setError] = useState<unknown>()
  const [code] = useState(() => location.hash.slice(1))
  useEffect(() => {
    if (!code) return
    // Out of the address and the history before anything else.
    history.replaceState(null, '', '/sign-in')
    api.post('/api/v1/session', { body: { code } }).then(() => {
      client.clear()
      location.replace('/')
    }, setError)
  }, [code, client])
  if (!code) return <SignedOut />
  if (error === undefined) return <p className="loading-page">Signing in…</p>
  return <SignedOut error={error} />
}

export function SignedOut({ error }: { error?: unknown }) {
  useEffect(() => {
    document.title = 'Sign in · Zaffre'
  }, [])
  return (
    <main className="sign-in">
      <section className="card">
        <div className="row">
          <img src="/favicon.svg" alt="" width="32" height="32" />
          <h1>Sign in to Zaffre</h1>
        </div>
        {error !== undefined && <ProblemView error={error} />}
        <p>
          This browser is not signed in, or its session has ended. Ask for a link where Zaffre is installed:
        </p>
        <CodeBlock text="zaffre studio" label="command" />
        <p className="muted">
          The link works once, within ten minutes. The browser then stays signed in for seven days; jobs and
          endpoints go on in any case.
        </p>
      </section>
    </main>
  )
}
