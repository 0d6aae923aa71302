/** How programs call the endpoint: its address, its keys, and lines to begin with. */

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { CodeBlock, CopyButton } from '@/parts/Copy'
import { ConfirmDialog } from '@/parts/Dialog'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Tabs } from '@/parts/Tabs'

import type { Endpoint } from './parts'

type Language = 'curl' | 'python' | 'javascript'
interface Keys {
  primaryKey: string
  secondaryKey: string
}

const LANGUAGES: { id: Language; title: string }[] = [
  { id: 'curl', title: 'curl' },
  { id: 'python', title: 'Python' },
  { id: 'javascript', title: 'JavaScript' },
]

export function ConsumeTab({ endpoint }: { endpoint: Endpoint }) {
  const [language, setLanguage] = useState<Language>('curl')
  const url = endpoint.scoring_uri ?? ''
  return (
    <>
      <section className="card" aria-label="Address and keys">
        <header>
          <h2>Address and keys</h2>
        </header>
        <div className="body stack">
          <div className="row">
            <span className="muted">Scoring</span>
            <code className="grow ellipsis">{url}</code>
            <CopyButton text={url} label="Copy the address" bare />
          </div>
          <KeyRows name={endpoint.name} />
        </div>
      </section>
      <section className="card" aria-label="Programs">
        <header>
          <h2>Call it</h2>
        </header>
        <div className="body stack">
          <Tabs label="Language" tabs={LANGUAGES} open={language} onOpen={setLanguage}>
            <CodeBlock text={programs(url)[language]} label={language} />
          </Tabs>
          <p className="muted small">
            `ZAFFRE_KEY` is one of the keys above. `azureml-model-deployment: NAME` as a header picks a
            deployment; every answer names its request in `x-request-id`.
          </p>
        </div>
      </section>
    </>
  )
}

function KeyRows({ name }: { name: string }) {
  const workspace = useWorkspace()
  const client = useQueryClient()
  const [shown, setShown] = useState(false)
  const [renewed, setRenewed] = useState<'primary' | 'secondary'>()
  const address = one(workspace, 'online_endpoint', { name })
  const key = [workspace, 'online_endpoint', 'one', name, 'keys']
  const keys = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => (await send('get', `${address}/keys`, { signal })) as Keys,
    enabled: shown,
    gcTime: 0,
  })
  if (keys.error) return <ProblemView error={keys.error} retry={() => void keys.refetch()} />
  const rows = [
    { which: 'primary' as const, text: keys.data?.primaryKey },
    { which: 'secondary' as const, text: keys.data?.secondaryKey },
  ]
  return (
    <>
      {rows.map(({ which, text }) => (
        <div className="row" key={which}>
          <span className="muted">{which === 'primary' ? 'Primary key' : 'Secondary key'}</span>
          <code className="grow ellipsis">{shown && text ? text : '••••••••••••••••••••••••'}</code>
          {shown && text && <CopyButton text={text} label={`Copy the ${which} key`} bare />}
          <button
            type="button"
            className="button small"
            onClick={() => {
              setRenewed(which)
            }}
          >
            Replace
          </button>
        </div>
      ))}
      <div>
        <button
          type="button"
          className="button"
          onClick={() => {
            setShown(!shown)
          }}
        >
          {shown ? 'Hide the keys' : 'Show the keys'}
        </button>
      </div>
      {renewed && (
        <ConfirmDialog
          title={`Replace the ${renewed} key?`}
          verb="Replace the key"
          onClose={() => {
            setRenewed(undefined)
          }}
          act={async () => {
            await send('post', `${address}/regenerate-keys`, { body: { keyType: renewed } })
            await client.invalidateQueries({ queryKey: key })
          }}
        >
          Callers that use the old {renewed} key are refused at once. Give them the other key first.
        </ConfirmDialog>
      )}
    </>
  )
}

function programs(url: string): Record<Language, string> {
  return {
    curl: `curl ${url} \\\n  -H "Authorization: Bearer $ZAFFRE_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d @request.json`,
    python: `import json\nimport os\nimport urllib.request\n\nrequest = urllib.request.Request(\n    "${url}",\n    open("request.json", "rb").read(),\n    {"Authorization": "Bearer " + os.environ["ZAFFRE_KEY"], "Content-Type": "application/json"},\n)\nprint(json.load(urllib.request.urlopen(request)))`,
    javascript: `const answer = await fetch('${url}', {\n  method: 'POST',\n  headers: {\n    Authorization: \`Bearer \${process.env.ZAFFRE_KEY}\`,\n    'Content-Type': 'application/json',\n  },\n  body: JSON.stringify(request),\n})\nconsole.log(await answer.json())`,
  }
}
