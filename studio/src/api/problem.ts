/** What went wrong, as the server says it (RFC 9457): what, where, what next. */

export interface FieldProblem {
  message: string
  hint?: string
  field?: string
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string
  readonly fields: FieldProblem[]

  constructor(status: number, code: string, detail: string, hint = '', fields: FieldProblem[] = []) {
    super(detail)
    this.status = status
    this.code = code
    this.hint = hint
    this.fields = fields
  }
}

interface Document {
  code?: string
  detail?: string
  title?: string
  hint?: string
  problems?: { message?: string; detail?: string; hint?: string; field?: string }[]
}

/** Reads the problem of an answer; one that is no document of ours is told by its status. */
export async function problemOf(answer: Response): Promise<Problem> {
  let document: Document = {}
  try {
    document = (await answer.json()) as Document
  } catch {
    // Something in between answered: only the status is known.
  }
  const fields = (document.problems ?? []).map((one) => ({
    message: one.message ?? one.detail ?? '',
    hint: one.hint,
    field: one.field,
  }))
  const detail = document.detail ?? document.title ?? `The server answered ${answer.status}.`
  return new Problem(answer.status, document.code ?? '', detail, document.hint ?? '', fields)
}

/** Makes a problem of whatever was thrown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TypeError)
    return new Problem(
      0,
      'unreachable',
      'The server does not answer.',
      '`zaffre status` says whether it runs, `zaffre up` starts it. This page goes on by itself when it is back.',
    )
  return new Problem(0, 'studio', error instanceof Error ? error.message : String(error))
}
