/**
 * One stream of changes for all tabs of a browser: the tab that holds the lock reads it and tells the
 * others. (A browser opens six connections to a server; a stream for each tab would use them up.)
 */

import type { QueryClient } from '@tanstack/react-query'

export interface Change {
  verb: 'create' | 'update' | 'delete'
  kind: string
  parent: string
  name: string
  version: string
  revision: number
}

const PAUSE = 400

/** Follows a workspace until the returned function is called. */
export function follow(workspace: string, client: QueryClient, onState: (live: boolean) => void): () => void {
  const name = `zaffre-changes-${workspace}`
  const channel = new BroadcastChannel(name)
  const ending = new AbortController()
  const again = collecting((changes) => {
    readAgain(client, workspace, changes)
  })
  channel.onmessage = (event: MessageEvent<Change[] | 'lost' | 'live'>) => {
    if (event.data === 'lost' || event.data === 'live') onState(event.data === 'live')
    else again(event.data)
  }
  const lead = () =>
    reading(workspace, ending.signal, (news) => {
      channel.postMessage(news)
      if (news === 'lost' || news === 'live') onState(news === 'live')
      else again(news)
    })
  navigator.locks.request(name, { signal: ending.signal }, lead).catch(() => undefined)
  return () => {
    ending.abort()
    channel.close()
  }
}

/** Reads the stream until told to end. The browser opens it again by itself, from the last event on. */
function reading(workspace: string, ending: AbortSignal, tell: (news: Change[] | 'lost' | 'live') => void) {
  const source = new EventSource(`/api/v1/workspaces/${encodeURIComponent(workspace)}/events`)
  source.addEventListener('ready', () => {
    tell('live')
  })
  source.addEventListener('changes', (event: MessageEvent<string>) => {
    tell(JSON.parse(event.data) as Change[])
  })
  source.onerror = () => {
    tell('lost')
  }
  return new Promise<void>((resolve) => {
    ending.addEventListener('abort', () => {
      source.close()
      resolve()
    })
  })
}

/** Puts what comes within a moment together. */
function collecting(act: (changes: Change[]) => void) {
  let waiting: Change[] = []
  return (changes: Change[]) => {
    if (waiting.length === 0)
      setTimeout(() => {
        const all = waiting
        waiting = []
        act(all)
      }, PAUSE)
    waiting.push(...changes)
  }
}

/** Has the queries read again that show what changed; an overview shows something of everything. */
export function readAgain(client: QueryClient, workspace: string, changes: Change[]): void {
  const named = new Set(changes.flatMap((one) => [`${one.kind}/${one.name}`, `${one.kind}/${one.parent}`]))
  const kinds = new Set(changes.map((one) => one.kind))
  void client.invalidateQueries({
    predicate: ({ queryKey: [where, kind, what, name] }) =>
      where === workspace &&
      (kinds.has(String(kind)) || kind === 'overview') &&
      (what !== 'one' || named.has(`${String(kind)}/${String(name)}`)),
  })
}
