/** The addresses: `/w/WORKSPACE/...`, with the whole state of a view in the query. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  type ErrorComponentProps,
} from '@tanstack/react-router'

import { EmptyPage } from '@/parts/EmptyPage'
import { remembered } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { PAGES } from './page'
import { Shell } from './Shell'
import { SignIn } from './SignIn'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotThere })

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => (
    <Navigate to="/w/$workspace" params={{ workspace: remembered('workspace') ?? 'default' }} replace />
  ),
})

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignIn })

const workspace = createRoute({
  getParentRoute: () => root,
  path: '/w/$workspace',
  component: Shell,
  errorComponent: Failed,
  notFoundComponent: NotThere,
})

const pages = PAGES.map((page) =>
  createRoute({
    getParentRoute: () => workspace,
    path: page.path === '' ? '/' : page.path,
    component: lazyRouteComponent(page.load),
    errorComponent: Failed,
    staticData: { full: page.full ?? false },
  }),
)

function Failed({ error, reset }: ErrorComponentProps) {
  return (
    <div className="page">
      <ProblemView error={error} retry={reset} />
    </div>
  )
}

function NotThere() {
  return (
    <div className="page">
      <EmptyPage
        title="There is no such page"
        about="The address leads nowhere. Ctrl-K finds pages, jobs, data and models by name."
        action={
          <a className="button" href="/">
            Go to Home
          </a>
        }
      />
    </div>
  )
}

export const router = createRouter({
  routeTree: root.addChildren([start, signIn, workspace.addChildren(pages)]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    full?: boolean
  }
}
