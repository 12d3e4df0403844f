//! Signs requests with AWS Signature Version 4.

use std::time::SystemTime;

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningParams, SigningSettings, sign as signed,
};
use aws_sigv4::sign::v4;

use crate::Settings;

/// Returns the headers of the signature, which the request needs in addition to its own headers.
pub(crate) fn sign(
    settings: &Settings,
    now: SystemTime,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Vec<(String, String)>, String> {
    let identity = settings.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&settings.region)
        .name("dynamodb")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| UNSIGNED)?;
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let url = format!("{}/", settings.endpoint);
    let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body));
    let request = request.map_err(|_| UNSIGNED)?;
    let params = SigningParams::V4(params);
    let (instructions, _) = signed(request, &params).map_err(|_| UNSIGNED)?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The error text. The library's own text is left out, because it may quote the request.
const UNSIGNED: &str = "a request cannot be signed";
