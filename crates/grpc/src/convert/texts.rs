//! What is wrong with an identifier, in Chinese and English. The identifier itself is never repeated.

use mamagang_domain::identifier::{
    CertificateNumberError, DocumentNumberError, EmployerCodeError, PersonNameError,
};

fn both(zh: &str, en: &str) -> (String, String) {
    (zh.to_owned(), en.to_owned())
}

fn wrong_character(position: u8) -> (String, String) {
    (
        format!("第 {position} 位字符不合规"),
        format!("wrong character at position {position}"),
    )
}

/// An employer's code.
pub(crate) fn employer_code(error: EmployerCodeError) -> (String, String) {
    match error {
        EmployerCodeError::Length => both("统一社会信用代码应为 18 位", "must have 18 characters"),
        EmployerCodeError::Character { position } => wrong_character(position),
        EmployerCodeError::CheckDigit => both(
            "统一社会信用代码校验位不符",
            "the check character does not match",
        ),
    }
}

/// An identity document's number.
pub(crate) fn document_number(error: DocumentNumberError) -> (String, String) {
    match error {
        DocumentNumberError::Length => both("证件号码位数不对", "wrong length"),
        DocumentNumberError::Character { position } => wrong_character(position),
        DocumentNumberError::LowerCaseX => {
            both("末位 X 应为大写", "the last X must be a capital letter")
        }
        DocumentNumberError::Prefix => both(
            "号码开头与证件类型不符",
            "begins with digits that this type does not have",
        ),
        DocumentNumberError::Month => both(
            "出生月份不存在",
            "holds a month of birth that does not exist",
        ),
        DocumentNumberError::Date => both(
            "出生日期不存在",
            "holds a date of birth that does not exist",
        ),
        DocumentNumberError::FutureDate => {
            both("出生日期晚于今天", "holds a date of birth in the future")
        }
        DocumentNumberError::CheckDigit => {
            both("证件号码校验位不符", "the check character does not match")
        }
    }
}

/// A person's name.
pub(crate) fn person_name(error: PersonNameError) -> (String, String) {
    match error {
        PersonNameError::Empty => both("必填", "required"),
        PersonNameError::TooLong => both("姓名不得超过 50 个字符", "at most 50 characters"),
        PersonNameError::Character { position } => wrong_character(position),
    }
}

/// A certificate's number.
pub(crate) fn certificate_number(error: CertificateNumberError) -> (String, String) {
    match error {
        CertificateNumberError::Length => {
            both("就业创业证编号应为 16 位数字", "must have 16 digits")
        }
        CertificateNumberError::Character { position } => wrong_character(position),
        CertificateNumberError::Area => both(
            "编号开头的行政区划不存在",
            "begins with an area that does not exist",
        ),
    }
}
