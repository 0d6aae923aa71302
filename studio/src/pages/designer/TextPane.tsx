/**
 * The document as text, or a program to read. It lies in a shadow root: there the editor's styles come as
 * constructed sheets, which the page's security policy allows.
 */

import { defaultKeymap } from '@codemirror/commands'
import { python } from '@codemirror/lang-python'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useEffectEvent, useRef } from 'react'

interface Props {
  label: string
  text: string
  language: 'yaml' | 'python'
  /** Left out, it is for reading. */
  onChange?: (text: string) => void
  onUndo?: () => void
  onRedo?: () => void
  /** A line to show. */
  line?: number
}

const LOOK = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '0.8125rem' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--muted)', border: '0' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--accent-soft)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#c5d6f5, #2d4575)',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
})

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.keyword, tags.bool, tags.null], color: 'var(--c4)' },
  { tag: [tags.string, tags.content], color: 'var(--text)' },
  { tag: tags.number, color: 'var(--c2)' },
  { tag: tags.comment, color: 'var(--good)' },
  { tag: [tags.function(tags.variableName), tags.meta], color: 'var(--c6)' },
])

export function TextPane({ label, text, language, onChange, onUndo, onRedo, line }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorView>(null)
  const changed = useEffectEvent((after: string) => {
    if (after !== text) onChange?.(after)
  })
  const undo = useEffectEvent(() => onUndo?.())
  const redo = useEffectEvent(() => onRedo?.())
  const begun = useEffectEvent(() => text)
  const readOnly = onChange === undefined

  useEffect(() => {
    const element = host.current
    if (!element) return
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    const own = (act: () => void) => () => {
      act()
      return true
    }
    const view = new EditorView({
      root,
      parent: root,
      doc: begun(),
      extensions: [
        lineNumbers(),
        drawSelection(),
        highlightActiveLine(),
        bracketMatching(),
        language === 'yaml' ? yaml() : python(),
        indentUnit.of('  '),
        EditorState.readOnly.of(readOnly),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        // Tab goes on to the next control; Escape, then Tab would be one more thing to know.
        keymap.of([
          { key: 'Mod-z', run: own(undo), preventDefault: true },
          { key: 'Mod-y', run: own(redo), preventDefault: true },
          { key: 'Mod-Shift-z', run: own(redo), preventDefault: true },
          ...defaultKeymap,
        ]),
        LOOK,
        syntaxHighlighting(COLOURS),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString())
        }),
      ],
    })
    editor.current = view
    return () => {
      view.destroy()
      editor.current = null
    }
  }, [label, language, readOnly])

  useEffect(() => {
    const view = editor.current
    const now = view?.state.doc.toString()
    if (view && now !== undefined && now !== text) view.dispatch({ changes: difference(now, text) })
  }, [text])

  useEffect(() => {
    const view = editor.current
    if (!view || !line || line > view.state.doc.lines) return
    const at = view.state.doc.line(line).from
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
  }, [line])

  return <div className="text-pane" ref={host} />
}

/** Gives the one change that makes one text of another, so that cursor and scrolling stay where they are. */
export function difference(before: string, after: string): { from: number; to: number; insert: string } {
  let start = 0
  const shorter = Math.min(before.length, after.length)
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) }
}
