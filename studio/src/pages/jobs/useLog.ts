/** A job's log, followed from where it was left until the job has ended. */

import { useEffect, useState } from 'react'

import { asProblem } from '@/api/problem'
import { readText } from '@/api/client'
import { one } from '@/api/kinds'

const PAUSE = 2000

interface Log {
  text: string
  live: boolean
  error?: unknown
}

export function logPath(workspace: string, name: string): string {
  return `${one(workspace, 'job', { name }, 'logs')}?follow=false`
}

/** Reads the log once if the job has ended, else follows it. */
export function useLog(workspace: string, name: string, following: boolean): Log {
  const [log, setLog] = useState<Log>({ text: '', live: following })
  useEffect(() => {
    if (!following) return readOnce(logPath(workspace, name), setLog)
    let offset = 0
    let source: EventSource | undefined
    let again: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      source = new EventSource(`${one(workspace, 'job', { name }, 'logs')}?offset=${offset}`)
      source.addEventListener('log', (event: MessageEvent<string>) => {
        const piece = JSON.parse(event.data) as { offset: number; text: string }
        offset = piece.offset
        setLog((before) => ({ text: before.text + piece.text, live: true }))
      })
      source.addEventListener('end', () => {
        source?.close()
        setLog((before) => ({ ...before, live: false }))
      })
      source.onerror = () => {
        // The browser would begin again at the beginning: go on where the log was left instead.
        source?.close()
        again = setTimeout(open, PAUSE)
      }
    }
    open()
    return () => {
      source?.close()
      clearTimeout(again)
    }
  }, [workspace, name, following])
  return log
}

function readOnce(path: string, setLog: (log: Log) => void): () => void {
  const ending = new AbortController()
  readText(path, ending.signal).then(
    (text) => {
      setLog({ text, live: false })
    },
    (error: unknown) => {
      if (!ending.signal.aborted) setLog({ text: '', live: false, error: asProblem(error) })
    },
  )
  return () => {
    ending.abort()
  }
}
