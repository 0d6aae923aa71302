/** What a page says of itself. `src/pages/NAME/page.ts` gives a list of these; nothing else registers it. */

import type { ComponentType } from 'react'

import type { IconName } from '@/parts/Icon'

export interface Page {
  /** Below the workspace: `jobs`, `jobs/$name`. */
  path: string
  title: string
  /** Loads the component; each page is a file of its own for the browser. */
  load: () => Promise<{ default: ComponentType }>
  /** Where it stands in the navigation; left out, it does not. */
  nav?: { group: Group; order: number; icon: IconName }
  /** Fills the window: the page scrolls inside (tables, canvases). */
  full?: boolean
}

export const GROUPS = ['', 'Train', 'Assets', 'Serve', 'Manage'] as const
export type Group = (typeof GROUPS)[number]

const modules = import.meta.glob<{ default: Page[] }>('../pages/*/page.ts', { eager: true })

export const PAGES: Page[] = Object.values(modules).flatMap((one) => one.default)

/** The pages of the navigation, by group. */
export function navigation(): [Group, Page[]][] {
  return GROUPS.map((group) => {
    const own = PAGES.filter((page) => page.nav?.group === group)
    return [group, own.sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0))]
  })
}
