/** A pipeline that is being designed: canvas, palette, properties, text, what is wrong, and how its run goes. */

import { ReactFlowProvider } from '@xyflow/react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'

import { notify } from '@/parts/notices'
import { PageHeader } from '@/parts/PageHeader'
import { remember, remembered, useView } from '@/parts/place'
import { Tabs } from '@/parts/Tabs'

import { added } from './adding'
import { Crumbs, Hint, RunState } from './Around'
import type { Facts } from './BoxNode'
import { Canvas } from './Canvas'
import { join, removal } from './changes'
import type { Opened } from './DesignerPage'
import { read, renamed, within, type Edit } from './edit'
import { Faults, faultsOf } from './Faults'
import { Flow } from './Flow'
import { drawn, levelOf, textOf, type Box } from './graph'
import { useKeys } from './keys'
import { layoutOf, placed, type Layout, type Point } from './layout'
import { Properties } from './Properties'
import { pythonOf } from './python'
import { portTypes, useComponents, usePlan, useRun } from './queries'
import { fileName, keepDraft } from './source'
import { choiceOf, StepPicker, type Choice } from './StepPicker'
import { TextPane } from './TextPane'
import { Toolbar } from './Toolbar'
import { useDesign } from './useDesign'

interface Props {
  workspace: string
  /** Under what this browser keeps the text. */
  draft: string
  job: string
  opened: Opened
  onOpen: (text: Opened) => void
  onSubmitted: (job: string, text: string) => void
}

const TABS = [
  { id: 'properties', title: 'Properties' },
  { id: 'yaml', title: 'YAML' },
  { id: 'python', title: 'Python' },
] as const
type Tab = (typeof TABS)[number]['id']

export function Designing(props: Props) {
  return (
    <ReactFlowProvider>
      <Inner {...props} />
    </ReactFlowProvider>
  )
}

function Inner({ workspace, draft, job, opened, onOpen, onSubmitted }: Props) {
  const [layoutKey] = useState(
    () => `layout.${workspace}.${fileName((read(opened.text).toJS() as never) ?? {})}`,
  )
  const design = useDesign(opened.text, opened.layout ?? kept(layoutKey))
  const { text, document, layout, act } = design
  const [view, setView] = useView({ at: '', tab: 'properties' as Tab })
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [line, setLine] = useState<number>()
  const [picked, setPicked] = useState(0)
  const names = useMemo(() => (view.at ? view.at.split('/') : []), [view.at])
  const components = useComponents(workspace, document)
  const fits = useQuery(portTypes).data?.fits ?? NOTHING
  const level = useMemo(() => levelOf(document, names, components), [document, names, components])
  const drawing = useMemo(() => drawn(level.body, level.path, components), [level, components])
  const points = useMemo(() => placed(drawing, layout[view.at]), [drawing, layout, view.at])
  const run = useRun(workspace, job, names)
  const shown = design.edited ? undefined : run.data
  const isEmpty = Object.keys(within(document, 'jobs')).length === 0 && document['component'] === undefined
  const plan = usePlan(workspace, document, !isEmpty && !shown)
  const faults = useMemo(
    () => faultsOf(text, shown || isEmpty ? [] : (plan.data?.problems ?? [])),
    [text, shown, isEmpty, plan.data],
  )

  useEffect(() => {
    // Of a job only what ran is kept: its states are shown on that.
    if (text !== opened.text && draft.endsWith(':')) keepDraft(draft, text)
  }, [draft, text, opened.text])
  useEffect(() => {
    remember(layoutKey, JSON.stringify(layout))
  }, [layoutKey, layout])

  const edit = (edits: readonly Edit[]) => {
    if (!level.readOnly && edits.length > 0) act({ do: 'edit', edits })
  }
  const pick = (choice: Choice, at?: Point) => {
    const made = added(choice, level)
    edit(made.edits)
    setSelected(new Set([made.id]))
    if (at) act({ do: 'move', level: view.at, points: { ...points, [made.id]: at } })
    else setPicked(picked + 1)
  }
  const remove = (ids: ReadonlySet<string>) => {
    edit(removal(level.path, level.body, drawing, ids))
    setSelected(new Set())
  }
  const open = (at: string[], ids: string[] = []) => {
    setView({ at: at.join('/') }, true)
    setSelected(new Set(ids))
  }
  const keys = useKeys({
    workspace,
    design,
    level,
    drawing,
    selected,
    onEdit: edit,
    onSelect: setSelected,
    onRemove: remove,
  })

  const facts = useMemo(() => {
    const wrong = new Map<string, number>()
    for (const fault of faults)
      if (fault.names.slice(0, -1).join('/') === view.at) {
        const id = `step:${fault.names.at(-1) ?? ''}`
        wrong.set(id, (wrong.get(id) ?? 0) + 1)
      }
    return (box: Box): Facts => ({
      faults: wrong.get(box.id) ?? 0,
      run: box.kind === 'step' ? shown?.steps[box.name] : undefined,
      plan:
        box.kind === 'step' && names.length === 0 && !shown
          ? plan.data?.steps.find((row) => row.step === box.name)
          : undefined,
      open: box.opens
        ? () => {
            setView({ at: [...names, box.name].join('/') }, true)
            setSelected(new Set())
          }
        : undefined,
    })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- setView is made anew each time
  }, [faults, view.at, shown, plan.data, names])

  const chosen = selected.size === 1 ? drawing.boxes.find((box) => selected.has(box.id)) : undefined
  const wire = selected.size === 1 ? drawing.wires.find((one) => selected.has(one.id)) : undefined
  const title = textOf(document['display_name'] ?? document['name']) || 'Designer'
  return (
    <>
      <PageHeader
        title={title}
        crumbs={[{ title: 'Pipelines', to: ['pipelines'] }]}
        beside={job !== '' && <RunState job={job} status={run.data?.status} edited={design.edited} />}
      >
        <Toolbar
          workspace={workspace}
          design={design}
          job={job}
          faulty={faults.length > 0 || isEmpty}
          busy={shown === undefined && !plan.settled}
          onOpen={(file) => {
            const layoutRead = layoutOf(file)
            if (layoutRead) act({ do: 'lay', layout: layoutRead })
            else onOpen({ text: file })
          }}
          onArrange={() => {
            act({ do: 'move', level: view.at, points: undefined })
          }}
          onSubmitted={(name) => {
            act({ do: 'submitted' })
            onSubmitted(name, text)
          }}
        />
      </PageHeader>
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys that act on what is selected inside */}
      <div
        className="designer"
        data-pane={view.tab === 'properties' ? 'side' : 'wide'}
        onKeyDown={keys.onKeyDown}
      >
        <aside className="side" aria-label="Palette">
          <StepPicker workspace={workspace} disabled={level.readOnly} onPick={pick} />
        </aside>
        <div className="board">
          <div className="board-bar">
            <Crumbs names={names} onOpen={open} readOnly={level.readOnly} />
          </div>
          {drawing.boxes.length === 0 && <Hint />}
          <Canvas
            drawing={drawing}
            points={points}
            fits={fits}
            selected={selected}
            readOnly={level.readOnly}
            shown={`${view.at} ${picked}`}
            facts={facts}
            onSelect={setSelected}
            onMove={(moved) => {
              act({ do: 'move', level: view.at, points: moved })
            }}
            onJoin={(source, port, target, to) => {
              const [from, into] = [source, target].map((id) => drawing.boxes.find((box) => box.id === id))
              if (from && into) edit([join(level.path, from, port, into, to)])
            }}
            onRefuse={(reason) => {
              notify(reason, 'bad')
            }}
            onDrop={(event, at) => {
              const choice = choiceOf(event)
              if (choice) pick(choice, at)
            }}
          />
        </div>
        <aside className={view.tab === 'properties' ? 'side right' : 'side right bare'} aria-label="Details">
          <Tabs
            label="Details"
            tabs={[...TABS]}
            open={view.tab}
            onOpen={(tab) => {
              setView({ tab })
            }}
          >
            {view.tab === 'yaml' && (
              <TextPane
                label="YAML of the pipeline"
                language="yaml"
                text={text}
                line={line}
                onChange={(after) => {
                  act({ do: 'write', text: after })
                }}
                onUndo={() => {
                  act({ do: 'undo' })
                }}
                onRedo={() => {
                  act({ do: 'redo' })
                }}
              />
            )}
            {view.tab === 'python' && (
              <TextPane
                label="Python of the pipeline"
                language="python"
                text={pythonOf(document, components)}
              />
            )}
            {view.tab === 'properties' &&
              (wire ? (
                <Flow workspace={workspace} wire={wire} drawing={drawing} run={shown ?? undefined} />
              ) : (
                <Properties
                  box={chosen}
                  level={level}
                  drawing={drawing}
                  fits={fits}
                  run={chosen && facts(chosen).run}
                  plan={chosen && facts(chosen).plan}
                  onEdit={edit}
                  onOpen={chosen && facts(chosen).open}
                  onRename={(to) => {
                    if (!chosen || level.readOnly) return
                    const word = ({ step: 'jobs', input: 'inputs', output: 'outputs' } as const)[chosen.kind]
                    act({ do: 'write', text: renamed(text, [...level.path, word, chosen.name], to, word) })
                    setSelected(new Set([`${chosen.kind}:${to}`]))
                  }}
                />
              ))}
          </Tabs>
        </aside>
        <Faults
          faults={faults}
          checked={shown || drawing.boxes.length === 0 ? undefined : plan}
          onOpen={(fault) => {
            if (fault.line) {
              setLine(fault.line)
              setView({ tab: 'yaml' })
            } else open(fault.names.slice(0, -1), [`step:${fault.names.at(-1) ?? ''}`])
          }}
        />
      </div>
    </>
  )
}

const NOTHING = {}

function kept(key: string): Layout {
  try {
    return JSON.parse(remembered(key) ?? '{}') as Layout
  } catch {
    return {}
  }
}
