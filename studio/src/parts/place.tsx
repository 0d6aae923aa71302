/** Where we are: the workspace, links to pages of it, and the state of a view in the address. */

import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, type ReactNode } from 'react'

export type Search = Record<string, string | number | boolean | string[] | undefined>

/** The workspace that the address names. */
export function useWorkspace(): string {
  const params: { workspace?: string } = useParams({ strict: false })
  return params.workspace ?? 'default'
}

/** A parameter of the page's path, such as `name` of `jobs/$name`. */
export function useParam(name: string): string {
  const params: Record<string, string | undefined> = useParams({ strict: false })
  return params[name] ?? ''
}

/** Gives the address of a page, such as `jobs/abc`, each part quoted by the caller through `pathTo`. */
export function pathTo(workspace: string, ...parts: string[]): string {
  return ['', 'w', workspace, ...parts].map(encodeURIComponent).join('/')
}

interface PageLinkProps {
  /** Parts of the path: `['jobs', name]`. */
  to: string[]
  search?: Search
  className?: string
  title?: string
  children: ReactNode
}

/** A link to a page of this workspace. */
export function PageLink({ to, search, className, title, children }: PageLinkProps) {
  const path = pathTo(useWorkspace(), ...to)
  return (
    <Link to={path} search={search ?? {}} className={className} title={title}>
      {children}
    </Link>
  )
}

/** Goes to a page of this workspace. */
export function useGo(): (to: string[], search?: Search) => void {
  const navigate = useNavigate()
  const workspace = useWorkspace()
  return useCallback(
    (to, search = {}) => void navigate({ to: pathTo(workspace, ...to), search }),
    [navigate, workspace],
  )
}

/**
 * The state of a view, kept in the address: what differs from `standard` stands there. Setting a part keeps
 * the others; it replaces the entry in the history unless `push` is set.
 */
export function useView<T extends Search>(
  standard: T,
): [view: T, set: (part: Partial<T>, push?: boolean) => void] {
  const search: Search = useSearch({ strict: false })
  const navigate = useNavigate()
  const view = { ...standard, ...search } as T
  const set = (part: Partial<T>, push = false) => {
    void navigate({
      to: '.',
      replace: !push,
      search: (before: Search) => {
        const after: Search = { ...before, ...part }
        return Object.fromEntries(
          Object.entries(after).filter(
            ([name, value]) =>
              value !== undefined && JSON.stringify(value) !== JSON.stringify(standard[name] ?? ''),
          ),
        )
      },
    })
  }
  return [view, set]
}

/** Like `useState`, remembered by this browser. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`zaffre.${name}`)
  } catch {
    return null
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`zaffre.${name}`, value)
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}
