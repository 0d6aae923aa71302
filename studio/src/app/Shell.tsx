/** The frame of every page: bar, navigation, and where the page stands. */

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useMatches, useNavigate, useRouterState } from '@tanstack/react-router'
import { Suspense, useEffect, useRef, useState } from 'react'

import { follow } from '@/api/changes'
import { send } from '@/api/client'
import { asProblem } from '@/api/problem'
import { session, workspaces } from '@/api/session'
import { Icon } from '@/parts/Icon'
import { Menu } from '@/parts/Menu'
import { Notices } from '@/parts/notices'
import { pathTo, remember, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { Help, useKeys } from './keys'
import { navigation } from './page'
import { Palette } from './Palette'
import { SignedOut } from './SignIn'
import { ThemeButton } from './theme'

export function Shell() {
  const who = useQuery(session)
  const [finding, setFinding] = useState(false)
  const [helping, setHelping] = useState(false)
  const [open, setOpen] = useState(false)
  const workspace = useWorkspace()
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useKeys({
    find: () => {
      setFinding(true)
    },
    help: () => {
      setHelping(true)
    },
  })
  useEffect(() => {
    remember('workspace', workspace)
  }, [workspace])
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    setOpen(false)
    main.current?.focus()
  }, [path])
  if (who.error) {
    const problem = asProblem(who.error)
    return problem.status === 401 ? (
      <SignedOut />
    ) : (
      <div className="page">
        <ProblemView error={problem} retry={() => void who.refetch()} />
      </div>
    )
  }
  if (!who.data) return <p className="loading-page">Loading…</p>
  return (
    <div className="shell">
      <a className="skip button" href="#main">
        Skip to the page
      </a>
      <Bar
        onFind={() => {
          setFinding(true)
        }}
        onHelp={() => {
          setHelping(true)
        }}
        onMenu={() => {
          setOpen(!open)
        }}
        name={who.data.name}
        role={who.data.role}
      />
      <Navigation open={open} />
      <main className="main" id="main" tabIndex={-1} ref={main}>
        <Suspense fallback={<p className="loading-page">Loading…</p>}>
          <PageFrame />
        </Suspense>
      </main>
      {finding && (
        <Palette
          onClose={() => {
            setFinding(false)
          }}
        />
      )}
      {helping && (
        <Help
          onClose={() => {
            setHelping(false)
          }}
        />
      )}
      <Notices />
    </div>
  )
}

function PageFrame() {
  const full = useMatches({ select: (matches) => matches.at(-1)?.staticData.full ?? false })
  return (
    <div className={full ? 'page full' : 'page'}>
      <Outlet />
    </div>
  )
}

interface BarProps {
  onFind: () => void
  onHelp: () => void
  onMenu: () => void
  name: string
  role: string
}

function Bar({ onFind, onHelp, onMenu, name, role }: BarProps) {
  const workspace = useWorkspace()
  return (
    <header className="bar">
      <button
        type="button"
        className="button plain icon menu-button"
        aria-label="Navigation"
        onClick={onMenu}
      >
        <Icon name="menu" />
      </button>
      <Link
        to={pathTo(workspace)}
        className="brand"
        aria-label="Zaffre, home"
        activeOptions={{ exact: true }}
      >
        <img src="/favicon.svg" alt="" />
        <span>Zaffre</span>
      </Link>
      <WorkspaceMenu />
      <div className="grow" />
      <button type="button" className="finder" onClick={onFind}>
        <Icon name="search" />
        <span>Find anything</span>
        <kbd aria-hidden="true">Ctrl K</kbd>
      </button>
      <div className="grow" />
      <Live />
      <button
        type="button"
        className="button plain icon"
        aria-label="Keys and help"
        title="Keys (?)"
        onClick={onHelp}
      >
        <Icon name="help" />
      </button>
      <ThemeButton />
      <Menu label={`Signed in as ${name}`} icon="out" bare>
        <span className="muted small" style={{ padding: '0.4rem 0.6rem', display: 'block' }}>
          {name}, {role}
        </span>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </Menu>
    </header>
  )
}

async function signOut() {
  await send('delete', '/api/v1/session')
  location.assign('/sign-in')
}

function WorkspaceMenu() {
  const current = useWorkspace()
  const known = useQuery(workspaces)
  const navigate = useNavigate()
  const names = (known.data?.items ?? []).map((one) => (one as { name: string }).name)
  return (
    <select
      className="input"
      style={{ width: 'auto', maxWidth: '11rem' }}
      aria-label="Workspace"
      value={current}
      onChange={(event) => void navigate({ to: pathTo(event.target.value) })}
    >
      {[...new Set([current, ...names])].map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}

/** Follows the changes of the workspace, and says whether it does. */
function Live() {
  const workspace = useWorkspace()
  const client = useQueryClient()
  const [live, setLive] = useState(true)
  useEffect(() => follow(workspace, client, setLive), [workspace, client])
  const words = live ? 'Live: changes show by themselves' : 'Not connected: trying again'
  return (
    <span title={words} role="status" aria-label={words}>
      <span className="live-dot" data-live={live} style={{ display: 'block' }} />
    </span>
  )
}

function Navigation({ open }: { open: boolean }) {
  const workspace = useWorkspace()
  const path = useRouterState({ select: (state) => state.location.pathname })
  return (
    <nav className="nav" aria-label="Pages" data-open={open}>
      {navigation().map(([group, pages]) =>
        pages.length === 0 ? null : (
          <section key={group}>
            {group && <h2>{group}</h2>}
            <ul>
              {pages.map((page) => {
                const to = pathTo(workspace, ...page.path.split('/').filter(Boolean))
                const here =
                  page.path === '' ? path.replace(/\/$/, '') === to : path === to || path.startsWith(`${to}/`)
                return (
                  <li key={page.path}>
                    <Link to={to} activeOptions={{ exact: true }} aria-current={here ? 'page' : undefined}>
                      {page.nav && <Icon name={page.nav.icon} />}
                      {page.title}
                    </Link>
                  </li>
                )
              })}
            </ul>
          </section>
        ),
      )}
    </nav>
  )
}
