/** Light, dark, or as the system has it. */

import { useState } from 'react'

import { Icon } from '@/parts/Icon'
import { remember, remembered } from '@/parts/place'

type Theme = 'system' | 'light' | 'dark'

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }

function known(): Theme {
  const text = remembered('theme')
  return text === 'light' || text === 'dark' ? text : 'system'
}

/** Puts the chosen theme on the document; called before the first paint. */
export function applyTheme(theme: Theme = known()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  window.dispatchEvent(new Event('zaffre-theme'))
}

export function ThemeButton() {
  const [theme, setTheme] = useState(known)
  const next = () => {
    const after = NEXT[theme]
    setTheme(after)
    remember('theme', after)
    applyTheme(after)
  }
  const label = `Theme: ${theme}. Change it to ${NEXT[theme]}`
  return (
    <button type="button" className="button plain icon" aria-label={label} title={label} onClick={next}>
      {theme === 'system' ? <Both /> : <Icon name={theme === 'light' ? 'sun' : 'moon'} />}
    </button>
  )
}

function Both() {
  return (
    <svg width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" strokeWidth="1.8" />
      <path d="M12 3.5a8.5 8.5 0 010 17z" fill="currentColor" />
    </svg>
  )
}
