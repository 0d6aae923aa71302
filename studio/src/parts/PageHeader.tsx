/** The head of a page: where it is, what it is, and what can be done. */

import { useEffect, type ReactNode } from 'react'

import { PageLink } from './place'

export interface Crumb {
  title: string
  to: string[]
}

interface Props {
  title: string
  /** What stands beside the title: a badge. */
  beside?: ReactNode
  about?: ReactNode
  crumbs?: Crumb[]
  /** Buttons. */
  children?: ReactNode
}

export function PageHeader({ title, beside, about, crumbs = [], children }: Props) {
  useEffect(() => {
    document.title = `${title} · Zaffre`
  }, [title])
  return (
    <header className="page-header">
      <div>
        {crumbs.length > 0 && (
          <nav aria-label="Breadcrumbs">
            <ol className="crumbs">
              {crumbs.map((crumb) => (
                <li key={crumb.title}>
                  <PageLink to={crumb.to}>{crumb.title}</PageLink>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <h1>
          {title}
          {beside}
        </h1>
        {about && <p className="about">{about}</p>}
      </div>
      <div className="row">{children}</div>
    </header>
  )
}
