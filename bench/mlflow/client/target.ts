import { isHeaderValue } from "../../config/header-schema.ts";
import { ConfigError } from "../../errors.ts";

/** A tracking server, the experiment that is meant there, and who one is to it. */
export interface MlflowTarget {
  /** Without credentials, and without a slash at its end. */
  readonly url: string;
  /** The header's value; null: none. */
  readonly authorization: string | null;
  /** What of it may stand in no message. */
  readonly secrets: readonly string[];
  /** An id must be there; a name is created. */
  readonly experiment: { readonly id: string } | { readonly name: string };
  /** As the server's pages show whose run it is. */
  readonly user: string;
}

export interface MlflowSettings {
  readonly uri?: string | undefined;
  readonly experiment?: string | undefined;
  readonly experimentId?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const defaultExperiment = "tollgate";

/**
 * What is set, else what MLflow's own variables say: MLFLOW_TRACKING_URI, _TOKEN, _USERNAME and _PASSWORD, MLFLOW_EXPERIMENT_ID and
 * _NAME. An empty variable is one that is not set. null where nothing names a server. Throws ConfigError.
 */
export function mlflowTarget(settings: MlflowSettings, environment: Environment): MlflowTarget | null {
  const variable = (name: string) => environment[name]?.trim() || undefined;
  const uri = settings.uri?.trim() || variable("MLFLOW_TRACKING_URI");
  if (uri === undefined) return null;
  const { url, credentials } = addressOf(uri);
  refuseInsecure(variable("MLFLOW_TRACKING_INSECURE_TLS"));
  const user = variable("MLFLOW_TRACKING_USERNAME") ?? credentials?.user;
  const password = variable("MLFLOW_TRACKING_PASSWORD") ?? credentials?.password;
  const token = variable("MLFLOW_TRACKING_TOKEN");
  return {
    url,
    ...authorizationOf({ user, password, token }),
    experiment: experimentOf(settings, variable),
    user: variable("USER") ?? variable("LOGNAME") ?? "tollgate",
  };
}

/** The same where a server must be named. */
export function requiredTarget(settings: MlflowSettings, environment: Environment): MlflowTarget {
  const target = mlflowTarget(settings, environment);
  if (target !== null) return target;
  throw new ConfigError(
    "No MLflow server is named: set MLFLOW_TRACKING_URI, or give --uri (in an experiment: uri of the sink), e.g. http://127.0.0.1:5000.",
  );
}

function addressOf(uri: string): {
  readonly url: string;
  readonly credentials: { readonly user: string; readonly password: string } | null;
} {
  const parsed = URL.canParse(uri) ? new URL(uri) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw notHttp(uri, parsed?.protocol);
  const { username, password } = parsed;
  const decoded = { user: decodedPart(username), password: decodedPart(password) };
  const path = parsed.pathname.replace(/\/+$/, "");
  return { url: `${parsed.origin}${path}`, credentials: username === "" ? null : decoded };
}

/** @throws {ConfigError} for a percent sign that is none of an address; what stands there may be a password */
function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new ConfigError(
      "The name or password in the MLflow URI has a % that begins no character. Write it as %25, or give both in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
      { cause },
    );
  }
}

/** MLflow's own client also writes into files and databases; what stands in an odd address may be a password. */
function notHttp(uri: string, protocol: string | undefined): ConfigError {
  const what =
    protocol === undefined
      ? "is no address"
      : `is of the kind ${protocol.replace(/:$/, "")}, which only MLflow's own client can write`;
  const shown = /@/.test(uri) ? "The MLflow URI" : `The MLflow URI ${uri}`;
  return new ConfigError(
    `${shown} ${what}. Tollgate speaks to a server: start one (\`mlflow server --backend-store-uri …\`) and give http://HOST:PORT.`,
  );
}

function refuseInsecure(value: string | undefined): void {
  if (value === undefined || /^(false|0)$/i.test(value)) return;
  throw new ConfigError(
    "MLFLOW_TRACKING_INSECURE_TLS is set, and Tollgate sends no key to a server that nobody has checked. Give the certificate of its authority in NODE_EXTRA_CA_CERTS=FILE, and unset the variable.",
  );
}

/** As MLflow's own client decides: a user with a password goes before a token. */
function authorizationOf(given: {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
}): Pick<MlflowTarget, "authorization" | "secrets"> {
  const { user, password, token } = given;
  if (user !== undefined && password !== undefined) {
    const basic = Buffer.from(`${user}:${password}`).toString("base64");
    return { authorization: `Basic ${basic}`, secrets: password === "" ? [basic] : [password, basic] };
  }
  if (token === undefined) {
    if (user === undefined && password === undefined) return { authorization: null, secrets: [] };
    const missing = user === undefined ? "USERNAME" : "PASSWORD";
    throw new ConfigError(
      `Of the two variables MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, ${missing} is not set. Set both, or MLFLOW_TRACKING_TOKEN alone.`,
    );
  }
  if (isHeaderValue(token)) return { authorization: `Bearer ${token}`, secrets: [token] };
  throw new ConfigError(
    "MLFLOW_TRACKING_TOKEN cannot be sent: it holds a line break or a character that no header may hold. Was it read from the right file?",
  );
}

/** What is set goes before the environment, and an id before a name. */
function experimentOf(
  settings: MlflowSettings,
  variable: (name: string) => string | undefined,
): MlflowTarget["experiment"] {
  const id = settings.experimentId?.trim() || undefined;
  const name = settings.experiment?.trim() || undefined;
  if (id !== undefined && name !== undefined)
    throw new ConfigError(
      "An experiment of MLflow is named by its id or by its name: give one of --experiment-id and --experiment.",
    );
  if (id !== undefined) return { id };
  if (name !== undefined) return { name };
  const idVariable = variable("MLFLOW_EXPERIMENT_ID");
  if (idVariable !== undefined) return { id: idVariable };
  return { name: variable("MLFLOW_EXPERIMENT_NAME") ?? defaultExperiment };
}
