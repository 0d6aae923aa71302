/** Small line icons, 24 × 24; they say nothing to a screen reader. */

const PATHS = {
  home: 'M4 11l8-7 8 7v9h-5v-6h-6v6H4z',
  jobs: 'M4 5h16M4 12h16M4 19h10',
  data: 'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zm0 0v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  store: 'M4 8l8-5 8 5v11H4zM9 19v-6h6v6',
  environment: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  model: 'M12 3v5m0 8v5M5 12h4m6 0h4M12 8a4 4 0 100 8 4 4 0 000-8z',
  endpoint: 'M5 12h10m-4-4l4 4-4 4M19 5v14',
  batch: 'M4 4h7v7H4zm9 0h7v7h-7zM4 13h7v7H4zm9 0h7v7h-7z',
  view: 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zm10-3a3 3 0 100 6 3 3 0 000-6z',
  compute: 'M5 5h14v14H5zm4 4h6v6H9zM9 2v3m6-3v3M9 19v3m6-3v3M2 9h3m-3 6h3m14-6h3m-3 6h3',
  schedule: 'M12 3a9 9 0 100 18 9 9 0 000-18zm0 4v5l3.5 2',
  designer: 'M4 4h6v5H4zm10 11h6v5h-6zM7 9v3h10v3M4 15h6v5H4z',
  pipeline:
    'M6 4a2 2 0 100 4 2 2 0 000-4zm0 4v8m0 0a2 2 0 100 4 2 2 0 000-4zm12-8a2 2 0 100 4 2 2 0 000-4zm0 4c0 4-12 2-12 4',
  component: 'M4 8h4a2.5 2.5 0 115 0h5v5a2.5 2.5 0 100 5v3H4z',
  sweep: 'M4 20V10m5 10V4m5 16v-7m5 7V7',
  compare: 'M8 4v16m8-16v16M3 8h10M11 16h10',
  lineage:
    'M5 12a2 2 0 104 0 2 2 0 00-4 0zm10-6a2 2 0 104 0 2 2 0 00-4 0zm0 12a2 2 0 104 0 2 2 0 00-4 0zM9 11l6-4M9 13l6 4',
  settings:
    'M12 9a3 3 0 100 6 3 3 0 000-6zM12 2v4m0 12v4M2 12h4m12 0h4M5 5l2.8 2.8m8.4 8.4L19 19M5 19l2.8-2.8m8.4-8.4L19 5',
  search: 'M11 4a7 7 0 100 14 7 7 0 000-14zm5 12l5 5',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v3m0 14v3M2 12h3m14 0h3M5 5l2 2m10 10l2 2M5 19l2-2M17 7l2-2',
  moon: 'M20 14A8.5 8.5 0 1110 4a7 7 0 0010 10z',
  menu: 'M4 6h16M4 12h16M4 18h16',
  help: 'M12 3a9 9 0 100 18 9 9 0 000-18zM9.5 9.5a2.5 2.5 0 115 0c0 2-2.5 2-2.5 4m0 3v.5',
  close: 'M5 5l14 14M19 5L5 19',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M4 12l5 5L20 6',
  code: 'M8 7l-5 5 5 5m8-10l5 5-5 5',
  download: 'M12 3v12m-5-5l5 5 5-5M4 20h16',
  columns: 'M4 4h16v16H4zM10 4v16m5-16v16',
  right: 'M9 5l7 7-7 7',
  down: 'M5 9l7 7 7-7',
  stop: 'M6 6h12v12H6z',
  again: 'M20 11a8 8 0 10-2 6m2-11v5h-5',
  archive: 'M3 4h18v5H3zm2 5v11h14V9M10 13h4',
  plus: 'M12 4v16M4 12h16',
  star: 'M12 3l2.7 5.8 6.3.8-4.6 4.3 1.2 6.3L12 17l-5.6 3.2 1.2-6.3L3 9.6l6.3-.8z',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  folder: 'M3 6h6l2 2h10v11H3z',
  out: 'M10 4H4v16h6M14 8l4 4-4 4m4-4H9',
  warning: 'M12 4l9 16H3zm0 6v4m0 3v.5',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
