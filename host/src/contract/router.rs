//! Finds the operation that a request asks for.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::Method;
use percent_encoding::percent_decode_str;

use super::Operation;

/// The operation that a request asks for.
#[derive(Debug)]
pub struct Route<'a> {
    /// The operation.
    pub operation: &'a Arc<Operation>,
    /// The parameters in the path by name, decoded.
    pub parameters: Vec<(&'a str, String)>,
}

/// All paths of a contract.
#[derive(Debug, Default)]
pub(super) struct Router {
    /// Those that have a literal segment earlier than others stand first.
    paths: Vec<PathRoutes>,
}

#[derive(Debug)]
struct PathRoutes {
    template: String,
    segments: Vec<Segment>,
    operations: Vec<Arc<Operation>>,
}

/// One segment of a template. The order of the variants makes a literal segment win over a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Router {
    pub(super) fn new(operations: &[Arc<Operation>]) -> Router {
        let mut paths: Vec<PathRoutes> = Vec::new();
        for operation in operations {
            match paths.iter_mut().find(|path| path.template == operation.path) {
                Some(path) => path.operations.push(Arc::clone(operation)),
                None => paths.extend(PathRoutes::new(operation)),
            }
        }
        paths.sort_by(|one, other| one.segments.cmp(&other.segments));
        Router { paths }
    }

    /// The operation with the parameters in the path.
    pub(super) fn route(&self, method: &Method, path: &str) -> Option<Route<'_>> {
        let segments = segments(path)?;
        let routes = self.routes(&segments)?;
        let operation = routes.operation(method)?;
        Some(Route { operation, parameters: routes.parameters(segments) })
    }

    /// The operation alone.
    pub(super) fn operation(&self, method: &Method, path: &str) -> Option<&Arc<Operation>> {
        self.routes(&segments(path)?)?.operation(method)
    }

    /// As OpenAPI demands, the path is chosen first: of the templates that match, the one with a literal segment where
    /// others have a parameter.
    fn routes(&self, path: &[Cow<'_, str>]) -> Option<&PathRoutes> {
        self.paths.iter().find(|routes| routes.matches(path))
    }
}

impl PathRoutes {
    /// Returns `None` if the template is malformed: no request can match it.
    fn new(operation: &Arc<Operation>) -> Option<PathRoutes> {
        let segments = segments(&operation.path)?.into_iter().map(|segment| {
            let name = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
            name.map_or_else(
                || Segment::Literal(segment.to_string()),
                |name| Segment::Parameter(name.to_owned()),
            )
        });
        let (template, segments) = (operation.path.clone(), segments.collect());
        Some(PathRoutes { template, segments, operations: vec![Arc::clone(operation)] })
    }

    fn matches(&self, path: &[Cow<'_, str>]) -> bool {
        let matches = |(segment, value): (&Segment, &Cow<'_, str>)| match segment {
            Segment::Literal(literal) => literal == value,
            Segment::Parameter(_) => !value.is_empty(),
        };
        path.len() == self.segments.len() && self.segments.iter().zip(path).all(matches)
    }

    /// The parameters in a path that matches.
    fn parameters(&self, path: Vec<Cow<'_, str>>) -> Vec<(&str, String)> {
        let parameters = self.segments.iter().zip(path).filter_map(|(segment, value)| match segment {
            Segment::Literal(_) => None,
            Segment::Parameter(name) => Some((name.as_str(), value.into_owned())),
        });
        parameters.collect()
    }

    /// HEAD asks for the operation of GET if the path has none for HEAD.
    fn operation(&self, method: &Method) -> Option<&Arc<Operation>> {
        let of = |method: &Method| self.operations.iter().find(|operation| operation.method == *method);
        of(method).or_else(|| of(&Method::GET).filter(|_| *method == Method::HEAD))
    }
}

/// Splits a path into its segments and decodes each of them once. Returns `None` if a segment is not well-formed, as
/// the desk does.
fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    path.strip_prefix('/')?.split('/').map(decode).collect()
}

fn decode(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    // The library leaves a `%` without two hexadecimal digits as it is.
    let is_well_formed = segment.split('%').skip(1).all(|after| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    percent_decode_str(segment).decode_utf8().ok().filter(|_| is_well_formed)
}
