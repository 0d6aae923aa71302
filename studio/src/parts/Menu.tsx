/** A button that opens a short list; Escape, a click elsewhere and choosing close it. */

import { useEffect, useRef, useState, type ReactNode } from 'react'

import { Icon, type IconName } from './Icon'

interface Props {
  label: string
  icon?: IconName
  /** Only the icon is shown; the label is what a screen reader says. */
  bare?: boolean
  /** Stays open while things inside are ticked. */
  stays?: boolean
  children: ReactNode
}

export function Menu({ label, icon, bare, stays, children }: Props) {
  const [open, setOpen] = useState(false)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const away = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !inside(element.current, event))
        setOpen(false)
    }
    document.addEventListener('pointerdown', away)
    document.addEventListener('keydown', away)
    return () => {
      document.removeEventListener('pointerdown', away)
      document.removeEventListener('keydown', away)
    }
  }, [open])
  return (
    <div className="menu" ref={element}>
      <button
        type="button"
        className={bare ? 'button icon' : 'button'}
        aria-expanded={open}
        aria-label={bare ? label : undefined}
        title={bare ? label : undefined}
        onClick={() => {
          setOpen(!open)
        }}
      >
        {icon && <Icon name={icon} />}
        {!bare && label}
        {!bare && <Icon name="down" size={12} />}
      </button>
      {open && (
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events -- the items act; this only closes
        <div
          className="menu-items"
          onClick={() => {
            if (!stays) setOpen(false)
          }}
        >
          {children}
        </div>
      )}
    </div>
  )
}

function inside(element: HTMLElement | null, event: Event): boolean {
  return event.target instanceof Node && (element?.contains(event.target) ?? false)
}
